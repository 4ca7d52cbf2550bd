/**
 * A distance field as a partition of unity (Ohtake et al. 2003): at each leaf a plane, blended by tent functions as wide as two cells
 * (OctGPT, arXiv 2504.09975 §3.2). Negative inside.
 */
import type { FloatTensor } from "../../engine/tensor.js";
import { shapeCell, shapeKey, type PointOctree } from "../octree/point-octree.js";
import { SIGNALS } from "./graphs.js";

/** Points of a cubic grid: point i of an axis lies at least + i · step. */
export interface PointGrid {
  readonly points: number;
  readonly least: number;
  readonly step: number;
}

/** A leaf of the field: its cell, and the plane in it. */
interface Leaf {
  readonly cell: readonly [number, number, number];
  readonly signal: Float32Array;
}

/** Numbers of blending: what a leaf of depth d weighs, and what keeps the field finite where there is none. */
const weightOf = (depth: number): number => depth ** 2 / 50;
const EPSILON = 1e-8;

/** A field of one shape. `signals` [N, 4] belong to the nodes of the dual graph of the octree's last depth, in order. */
export class NeuralMpu {
  /** Of each depth, by key. */
  private readonly leaves: readonly ReadonlyMap<number, Leaf>[];

  constructor(
    private readonly octree: PointOctree,
    signals: FloatTensor,
  ) {
    const { depth, fullDepth, keys, children } = octree;
    let row = 0;
    this.leaves = keys.map((own, d) => {
      const leaves = new Map<number, Leaf>();
      if (d < fullDepth) return leaves;
      for (const [i, key] of own.entries()) {
        if (d < depth && children[d]![i]! >= 0) continue;
        const signal = signals.data.subarray(SIGNALS * row, SIGNALS * ++row);
        leaves.set(key, { cell: shapeCell(key).cell as [number, number, number], signal });
      }
      return leaves;
    });
  }

  /** The field at a point of [-1, 1]³. */
  at(x: number, y: number, z: number): number {
    const { depth, fullDepth } = this.octree;
    const [values, weights] = [[] as number[], [] as number[]];
    for (let d = fullDepth; d <= depth; d++) {
      const place = [x, y, z].map((p) => (p + 1) * 2 ** (d - 1) - 0.5);
      const base = place.map(Math.floor);
      for (let corner = 0; corner < 8; corner++) {
        const [cx, cy, cz] = base.map((c, axis) => c + ((corner >> (2 - axis)) & 1)) as [number, number, number];
        if (Math.min(cx, cy, cz) < 0 || Math.max(cx, cy, cz) >= 2 ** d) continue;
        const leaf = this.leaves[d]!.get(shapeKey(0, cx, cy, cz));
        if (!leaf) continue;
        const delta = [cx, cy, cz].map((c, axis) => place[axis]! - c) as [number, number, number];
        weights.push(delta.reduce((w, t) => w * (1 - Math.abs(t)), weightOf(d)));
        values.push(planeAt(leaf.signal, delta, d));
      }
    }
    const total = weights.reduce((a, b) => a + b, EPSILON);
    return values.reduce((sum, value, i) => sum + value * weights[i]!, 0) / total;
  }

  /** The field on a grid [points³], x slowest. Each leaf adds itself to the points in its two cells. */
  grid({ points: R, least, step }: PointGrid): Float32Array {
    const sums = new Float32Array(R ** 3);
    const weights = new Float32Array(R ** 3);
    for (const [d, leaves] of this.leaves.entries()) {
      const cells = 2 ** (d - 1); // of an axis, in one unit
      // Of each cell of an axis: the points that it reaches, and how far from its middle they lie, in cells.
      const reach = Array.from({ length: 2 ** d }, (_, c) => {
        const middle = (c + 0.5) / cells - 1;
        const first = Math.max(0, Math.ceil((middle - 1 / cells - least) / step));
        const last = Math.min(R - 1, Math.floor((middle + 1 / cells - least) / step));
        const deltas: number[] = [];
        for (let i = first; i <= last; i++) deltas.push((least + i * step - middle) * cells);
        return { first, deltas };
      });
      for (const { cell, signal } of leaves.values()) {
        const [xs, ys, zs] = [reach[cell[0]]!, reach[cell[1]]!, reach[cell[2]]!] as const;
        const [gx, gy, gz, offset] = signal as unknown as [number, number, number, number];
        for (const [i, dx] of xs.deltas.entries()) {
          const wx = weightOf(d) * Math.max(0, 1 - Math.abs(dx));
          for (const [j, dy] of ys.deltas.entries()) {
            const wxy = wx * Math.max(0, 1 - Math.abs(dy));
            const plane = (gx * dx + gy * dy) / cells + offset;
            let at = ((xs.first + i) * R + ys.first + j) * R + zs.first;
            for (let k = 0; k < zs.deltas.length; k++, at++) {
              const dz = zs.deltas[k]!;
              const w = wxy * Math.max(0, 1 - Math.abs(dz));
              weights[at]! += w;
              sums[at]! += w * (plane + (gz * dz) / cells);
            }
          }
        }
      }
    }
    for (let i = 0; i < sums.length; i++) sums[i]! /= weights[i]! + EPSILON;
    return sums;
  }
}

/** The plane of a leaf at `delta` cells from its middle: gradients are per unit of [-1, 1]. */
const planeAt = ([gx, gy, gz, offset]: Float32Array, [x, y, z]: readonly [number, number, number], d: number): number =>
  (gx! * x + gy! * y + gz! * z) * 2 ** (1 - d) + offset!;
