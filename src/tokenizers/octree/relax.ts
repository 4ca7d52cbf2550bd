/**
 * Smoothing of a surface of voxels that keeps its volume, its place and its sharp edges. A vertex may move within its cell only
 * (Gibson 1998, "Constrained elastic surface nets"); steps alternate between shrinking and growing (Taubin 1995, "A signal processing
 * approach to fair surface design"); edges that are straight, with flat faces at both sides, and their corners do not move.
 */
import type { SurfaceCell } from "./surface-cells.js";

/** No vertex goes further from the middle of its cell, in voxels: neighbours then stay apart, and faces keep an area. */
export const FARTHEST = 15 / 32;

const ROUNDS = 16;
const SHRINK = 0.5;
const GROW = -0.53;

/** The offset of each vertex from the middle of its cell, in voxels [3 · cells]. */
export function relax(R: number, solid: Uint8Array, cells: readonly SurfaceCell[], quads: Uint32Array): Float64Array {
  const offsets = new Float64Array(3 * cells.length);
  const pinned = pinnedOf(R, solid, cells);
  const neighbours = neighboursOf(cells.length, quads);
  const points = new Float64Array(3 * cells.length);
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const step = round % 2 === 0 ? SHRINK : GROW;
    for (const [i, { x, y, z }] of cells.entries()) {
      points[3 * i] = x + offsets[3 * i]!;
      points[3 * i + 1] = y + offsets[3 * i + 1]!;
      points[3 * i + 2] = z + offsets[3 * i + 2]!;
    }
    for (let i = 0; i < cells.length; i++) {
      if (pinned[i]) continue;
      const around = neighbours[i]!;
      for (let axis = 0; axis < 3; axis++) {
        let sum = 0;
        for (const j of around) sum += points[3 * j + axis]!;
        const moved = offsets[3 * i + axis]! + step * (sum / around.length - points[3 * i + axis]!);
        offsets[3 * i + axis] = Math.min(FARTHEST, Math.max(-FARTHEST, moved));
      }
    }
  }
  return offsets;
}

/** The vertices that share an edge with each vertex. */
function neighboursOf(count: number, quads: Uint32Array): number[][] {
  const around: Set<number>[] = Array.from({ length: count }, () => new Set());
  for (let q = 0; q < quads.length; q += 4) {
    for (let i = 0; i < 4; i++) {
      const [a, b] = [quads[q + i]!, quads[q + ((i + 1) % 4)]!];
      around[a]!.add(b);
      around[b]!.add(a);
    }
  }
  return around.map((set) => [...set]);
}

/** How far a face has to be flat beside a sharp edge, in voxels, unless it ends earlier in another convex edge. */
const FLAT = 3;

/** Flags of the cells on a sharp convex edge, or at the corner where three of them meet. */
function pinnedOf(R: number, solid: Uint8Array, cells: readonly SurfaceCell[]): Uint8Array {
  const S = R + 1;
  const filled = (x: number, y: number, z: number) =>
    x >= 0 && y >= 0 && z >= 0 && x < R && y < R && z < R && solid[(x * R + y) * R + z] === 1;
  const sharp = new Set<number>();
  const pinned = new Uint8Array(cells.length);
  for (const [i, { x, y, z, block }] of cells.entries()) {
    const edge = CONVEX_EDGES.get(block);
    if (!edge) continue;
    const at = [x, y, z];
    const flat = [0, 1].every((slice) =>
      edge.sides.every(({ inward, out }) => {
        const voxel = edge.solid.map((d, axis) => at[axis]! - 1 + (axis === edge.axis ? slice : d));
        for (let step = 1; step < FLAT; step++) {
          const [vx, vy, vz] = voxel.map((p, axis) => p + inward[axis]! * step) as [number, number, number];
          if (filled(vx + out[0]!, vy + out[1]!, vz + out[2]!)) return false; // the face ends in a step up
          if (!filled(vx, vy, vz)) return true; // in another convex edge
        }
        return true;
      }),
    );
    if (!flat) continue;
    pinned[i] = 1;
    sharp.add((x * S + y) * S + z);
  }
  for (const [i, { x, y, z, block }] of cells.entries()) {
    const corner = CORNERS.get(block);
    if (corner === undefined) continue;
    const along = corner.map((d) => 2 * d - 1) as [number, number, number]; // towards the solid
    const at = (dx: number, dy: number, dz: number) => sharp.has(((x + dx) * S + y + dy) * S + z + dz);
    if (at(along[0], 0, 0) && at(0, along[1], 0) && at(0, 0, along[2])) pinned[i] = 1;
  }
  return pinned;
}

interface ConvexEdge {
  /** The axis it runs along. */
  readonly axis: number;
  /** Which quarter of the block is solid: 0 or 1 for each axis, anything along its own. */
  readonly solid: readonly number[];
  /** Its two faces: the way along the face, away from the edge; and out of it. */
  readonly sides: readonly { readonly inward: readonly number[]; readonly out: readonly number[] }[];
}

/** Blocks with two solid voxels side by side. */
const CONVEX_EDGES: ReadonlyMap<number, ConvexEdge> = new Map(
  [0, 1, 2].flatMap((axis) => {
    const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
    return [0, 1, 2, 3].map((quarter): [number, ConvexEdge] => {
      const place = [0, 0, 0];
      place[u] = quarter >> 1;
      place[v] = quarter & 1;
      const corner = 4 * place[0]! + 2 * place[1]! + place[2]!;
      const into = (k: number) => unit(k, 2 * place[k]! - 1);
      const out = (k: number) => unit(k, 1 - 2 * place[k]!);
      const sides = [
        { inward: into(u), out: out(v) },
        { inward: into(v), out: out(u) },
      ];
      return [(1 << corner) | (1 << (corner + (4 >> axis))), { axis, solid: place, sides }];
    });
  }),
);

/** Blocks with one solid voxel, whose place is given. */
const CORNERS: ReadonlyMap<number, readonly number[]> = new Map(
  [0, 1, 2, 3, 4, 5, 6, 7].map((corner): [number, number[]] => [
    1 << corner,
    [corner >> 2, (corner >> 1) & 1, corner & 1],
  ]),
);

function unit(axis: number, sign: number): number[] {
  return [0, 1, 2].map((k) => (k === axis ? sign : 0));
}
