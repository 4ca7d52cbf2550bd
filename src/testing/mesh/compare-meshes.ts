/** How far apart two meshes are: as surfaces, as graphs, and in colour. */
import { uniform } from "../../base/random.js";
import { type Mesh, type Topology, topologyOf } from "../../index.js";
import { ClosestFace } from "../../tokenizers/index.js";
import type { Comparison, Measure } from "../medium.js";
import { meshFigures } from "./figures.js";

export type MeshMeasure = "chamfer" | "deviation" | "watertight" | "topology" | "faces" | "colour";

/** Points of a surface, besides its vertices. */
const POINTS = 2000;

/**
 * Distances between the surfaces in percent of the diagonal of the expected one: the mean both ways (chamfer distance) and the largest. Whether
 * it is still watertight; how many other facts of topology differ; how many faces join other corners or are turned over; and the mean
 * difference of the colours of vertices, of 255.
 */
export function compareMeshes(expected: Mesh, received: Mesh): Comparison<MeshMeasure> {
  const [then, now] = [expected, received].map((mesh) => new ClosestFace(mesh)) as [ClosestFace, ClosestFace];
  const scale = 100 / (diagonalOf(expected) || 1);
  const there = distances(received, then);
  const back = distances(expected, now);
  const topologies = [topologyOf(expected), topologyOf(received)] as const;
  const lost = isWatertight(topologies[0]) && !isWatertight(topologies[1]);
  const facts = changedFacts(...topologies);
  const nearest = cornersOf(expected, received, then);
  const faces = changedFaces(expected, received, nearest);
  const measures: Measure<MeshMeasure>[] = [
    { name: "chamfer", label: "chamfer", value: (scale * (there.mean + back.mean)) / 2, unit: "%", better: "lower" },
    {
      name: "deviation",
      label: "deviation",
      value: scale * Math.max(there.most, back.most),
      unit: "%",
      better: "lower",
    },
    { name: "watertight", label: "watertight lost", value: lost ? 1 : 0, unit: "", better: "lower" },
    { name: "topology", label: "topology", value: facts.length, unit: "changes", better: "lower" },
    { name: "faces", label: "other faces", value: faces, unit: `of ${received.faces.length / 3}`, better: "lower" },
    {
      name: "colour",
      label: "colour",
      value: colourDistance(expected, received, nearest),
      unit: "of 255",
      better: "lower",
    },
  ];
  const [x, y, z] = [0, 1, 2].map((axis) => there.at[axis]!.toPrecision(3));
  const far = there.most > 0 ? [`It is farthest from the expected surface at (${x}, ${y}, ${z}).`] : [];
  const notes = [...facts, ...far];
  return { mismatch: null, measures, notes, figures: () => meshFigures(expected, received, then) };
}

function diagonalOf({ positions }: Mesh): number {
  const least = [Infinity, Infinity, Infinity];
  const most = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, i) => {
    least[i % 3] = Math.min(least[i % 3]!, value);
    most[i % 3] = Math.max(most[i % 3]!, value);
  });
  return Math.hypot(...least.map((low, axis) => most[axis]! - low));
}

/** From the vertices of a mesh and points spread over its area to another surface. */
function distances(mesh: Mesh, to: ClosestFace): { mean: number; most: number; at: readonly number[] } {
  const points = pointsOn(mesh);
  let sum = 0;
  let most = 0;
  let at: readonly number[] = [0, 0, 0];
  for (const [i, point] of [...points, ...verticesOf(mesh)].entries()) {
    const { distance } = to.to(...point)!;
    if (i < points.length) sum += distance; // vertices crowd where a surface is bent: the mean is over its area alone
    if (distance > most) [most, at] = [distance, point];
  }
  return { mean: sum / points.length, most, at };
}

type Point = readonly [number, number, number];

const verticesOf = ({ positions }: Mesh): Point[] =>
  Array.from({ length: positions.length / 3 }, (_, v) => [...positions.subarray(3 * v, 3 * v + 3)] as unknown as Point);

/** Points by area, the same ones for equal meshes (barycentric coordinates, Osada et al. 2002 §3.1). */
function pointsOn({ positions, faces }: Mesh): Point[] {
  const corner = (f: number, k: number) => positions.subarray(3 * faces[3 * f + k]!, 3 * faces[3 * f + k]! + 3);
  const sums = new Float64Array(faces.length / 3);
  let area = 0;
  for (let f = 0; f < sums.length; f++) {
    const [a, b, c] = [corner(f, 0), corner(f, 1), corner(f, 2)];
    const [u, v] = [b, c].map((p) => [0, 1, 2].map((axis) => p[axis]! - a[axis]!)) as [number[], number[]];
    area += Math.hypot(u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!, u[0]! * v[1]! - u[1]! * v[0]!);
    sums[f] = area;
  }
  const drawn = (item: number, position: number) => uniform({ seed: 0, item, position, purpose: "noise" });
  let f = 0;
  return Array.from({ length: POINTS }, (_, i) => {
    while (f < sums.length - 1 && sums[f]! < (area * (i + drawn(i, 0))) / POINTS) f++;
    const [side, along] = [Math.sqrt(drawn(i, 1)), drawn(i, 2)];
    const weights = [1 - side, side * (1 - along), side * along];
    return [0, 1, 2].map((axis) => weights.reduce((sum, w, k) => sum + w * corner(f, k)[axis]!, 0)) as unknown as Point;
  });
}

const isWatertight = ({ closed, manifold, oriented }: Topology): boolean => closed && manifold && oriented;

function changedFacts(was: Topology, is: Topology): string[] {
  return (Object.keys(was) as (keyof Topology)[]).flatMap((name) => {
    const [then, now] = [String(was[name]), String(is[name])];
    return then === now ? [] : [`${name}: ${now} instead of ${then}`];
  });
}

/** Of each received vertex the expected one that is nearest, among the corners of the face that it is nearest to. */
function cornersOf(expected: Mesh, received: Mesh, closest: ClosestFace): Uint32Array {
  return Uint32Array.from(verticesOf(received), (point) => {
    const { face } = closest.to(...point)!;
    const corners = [...expected.faces.subarray(3 * face, 3 * face + 3)];
    const away = (v: number) => Math.hypot(...point.map((value, axis) => value - expected.positions[3 * v + axis]!));
    return corners.reduce((a, b) => (away(b) < away(a) ? b : a));
  });
}

/** Faces of the received mesh that the expected one has not, by their corners in the order that tells which side is out. */
function changedFaces(expected: Mesh, received: Mesh, nearest: Uint32Array): number {
  const known = new Map<string, number>();
  for (let f = 0; f < expected.faces.length; f += 3) {
    const key = keyOf(...(expected.faces.subarray(f, f + 3) as unknown as Point));
    known.set(key, (known.get(key) ?? 0) + 1);
  }
  let changed = 0;
  for (let f = 0; f < received.faces.length; f += 3) {
    const key = keyOf(...(received.faces.subarray(f, f + 3).map((v) => nearest[v]!) as unknown as Point));
    const left = known.get(key) ?? 0;
    if (left === 0) changed++;
    else known.set(key, left - 1);
  }
  return changed;
}

/** A face by its corners, the smallest first, in their order. */
function keyOf(a: number, b: number, c: number): string {
  if (a <= b && a <= c) return `${a},${b},${c}`;
  return b <= c ? `${b},${c},${a}` : `${c},${a},${b}`;
}

function colourDistance(expected: Mesh, received: Mesh, nearest: Uint32Array): number {
  if (!expected.colours && !received.colours) return 0;
  const of = (mesh: Mesh, at: number) => mesh.colours?.[at] ?? 1;
  let sum = 0;
  nearest.forEach((vertex, v) => {
    for (let c = 0; c < 3; c++) sum += Math.abs(of(expected, 3 * vertex + c) - of(received, 3 * v + c));
  });
  return (255 * sum) / (3 * nearest.length);
}
