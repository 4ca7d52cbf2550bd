/**
 * Octrees of points with normals, as O-CNN builds them (Wang et al. 2017, arXiv 1712.01537 §3; OctGPT, arXiv 2504.09975, learns over them): full down
 * to a depth, then all eight children of every node that holds a point.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { cellOf, keyOf } from "./morton.js";

/** Nodes of several shapes together: those of the first come first at every depth. */
export interface PointOctree {
  readonly depth: number;
  readonly fullDepth: number;
  readonly batch: number;
  /** For each depth, ascending: the shape's number times 2^48 and the shuffled key. */
  readonly keys: readonly Float64Array[];
  /** For each depth: the number of each node among those that are split (at the last depth: that hold points), or -1. */
  readonly children: readonly Int32Array[];
}

/** Points of all shapes one after another. */
export interface PointCloud {
  /** [n, 3] in [-1, 1]. */
  readonly points: Float32Array;
  /** [n, 3] */
  readonly normals: Float32Array;
  /** [n] the shape that each point belongs to. */
  readonly shapes: ArrayLike<number>;
}

const SHAPE = 2 ** 48;

/** The key of a cell of a shape. Shape 0 … 31, coordinates below 2^16: a double holds no more. */
export const shapeKey = (shape: number, x: number, y: number, z: number): number => shape * SHAPE + keyOf(x, y, z);

/** The shape and the cell of a key. */
export function shapeCell(key: number): { readonly shape: number; readonly cell: readonly [number, number, number] } {
  const shape = Math.floor(key / SHAPE);
  const [x, y, z] = cellOf(key - shape * SHAPE);
  return { shape, cell: [x, y, z] };
}

/** The key of the parent; the shape stays. */
const parentOf = (key: number): number => {
  const shape = Math.floor(key / SHAPE);
  return shape * SHAPE + Math.floor((key - shape * SHAPE) / 8);
};

/** The key of a child. */
const childOf = (key: number, child: number): number => {
  const shape = Math.floor(key / SHAPE);
  return shape * SHAPE + 8 * (key - shape * SHAPE) + child;
};

/** Builds the octree. Throws ArgumentError for points outside of [-1, 1] or depths that are none. */
export function pointOctree(cloud: PointCloud, depth: number, fullDepth: number): PointOctree {
  check("depth", "a depth from 1 to 16", depth, isIntegerIn(1, 16));
  check("fullDepth", `a depth from 0 to ${depth}`, fullDepth, isIntegerIn(0, depth));
  let batch = 1;
  for (let i = 0; i < cloud.shapes.length; i++) batch = Math.max(batch, cloud.shapes[i]! + 1);
  check("shapes", "numbers from 0 to 31", batch, isIntegerIn(1, 32));
  const occupied: Float64Array[] = [];
  occupied[depth] = unique(keysOf(cloud, depth));
  for (let d = depth - 1; d >= fullDepth; d--) occupied[d] = unique(occupied[d + 1]!.map(parentOf));
  const keys: Float64Array[] = [];
  const children: Int32Array[] = [];
  for (let d = 0; d <= depth; d++) {
    keys[d] = d <= fullDepth ? fullKeys(batch, d) : siblings(occupied[d - 1]!);
    children[d] = d < fullDepth ? Int32Array.from(keys[d]!, (_, i) => i) : numbered(keys[d]!, occupied[d]!);
  }
  return { depth, fullDepth, batch, keys, children };
}

/** The key of each point at a depth. */
function keysOf({ points, shapes }: PointCloud, depth: number): Float64Array {
  const R = 2 ** depth;
  const wrong = points.findIndex((p) => !(p >= -1 && p <= 1));
  if (wrong >= 0) throw new ArgumentError("points", "coordinates from -1 to 1", points[wrong]);
  const at = (i: number) => Math.min(R - 1, Math.floor(gridPlace(points[i]!, depth)));
  return Float64Array.from({ length: points.length / 3 }, (_, i) =>
    shapeKey(shapes[i]!, at(3 * i), at(3 * i + 1), at(3 * i + 2)),
  );
}

/** A coordinate of [-1, 1] in cells of the grid, rounded as float32 arithmetic rounds it. */
const gridPlace = (p: number, depth: number): number => Math.fround(p + 1) * 2 ** (depth - 1);

const unique = (keys: Float64Array): Float64Array => Float64Array.from(new Set(keys.slice().sort()));

const fullKeys = (batch: number, depth: number): Float64Array =>
  Float64Array.from({ length: batch * 8 ** depth }, (_, i) => Math.floor(i / 8 ** depth) * SHAPE + (i % 8 ** depth));

const siblings = (parents: Float64Array): Float64Array =>
  Float64Array.from({ length: 8 * parents.length }, (_, i) => childOf(parents[Math.floor(i / 8)]!, i % 8));

/** The number of each key among `some`, which are ascending as the keys are; -1 for the others. */
function numbered(keys: Float64Array, some: Float64Array): Int32Array {
  let next = 0;
  return Int32Array.from(keys, (key) => (key === some[next] ? next++ : -1));
}

/** The split bits of the depths fullDepth … last - 1, breadth first: whether each node is split. */
export function splitSequence({ children, fullDepth, depth }: PointOctree, last = depth): Uint8Array {
  return Uint8Array.from(
    children.slice(fullDepth, last).flatMap((of) => Array.from(of, (child) => (child >= 0 ? 1 : 0))),
  );
}

/** For each node of a depth its 27 neighbours, [n, 27]: rows of the same depth, or -1. Neighbour number 9·(dx+1) + 3·(dy+1) + dz+1. */
export function neighboursOf({ keys }: PointOctree, depth: number): Int32Array {
  const own = keys[depth]!;
  const rows = new Map(Array.from(own, (key, row) => [key, row]));
  const R = 2 ** depth;
  const out = new Int32Array(27 * own.length).fill(-1);
  for (const [row, key] of own.entries()) {
    const { shape, cell } = shapeCell(key);
    for (let n = 0; n < 27; n++) {
      const [x, y, z] = [cell[0] + Math.floor(n / 9) - 1, cell[1] + (Math.floor(n / 3) % 3) - 1, cell[2] + (n % 3) - 1];
      const inside = x >= 0 && y >= 0 && z >= 0 && x < R && y < R && z < R;
      if (inside) out[27 * row + n] = rows.get(shapeKey(shape, x, y, z)) ?? -1;
    }
  }
  return out;
}

/** What the points of each node of the last depth say together. */
export interface PointFeatures {
  /** Mean place of the points of each node that holds some, in cells of the grid [occupied, 3]. */
  readonly means: Float32Array;
  /** Mean direction of their normals, of length 1 [occupied, 3]. */
  readonly normals: Float32Array;
  /** Normal, and how far the mean lies from the middle of the cell along it; zeros for nodes without points [n, 4]. */
  readonly features: Float32Array;
}

export function pointFeatures(cloud: PointCloud, { keys, children, depth }: PointOctree): PointFeatures {
  const own = keys[depth]!;
  const numbers = children[depth]!;
  const occupied = numbers.reduce((count, child) => count + (child >= 0 ? 1 : 0), 0);
  const rowOf = new Map(Array.from(own, (key, row) => [key, numbers[row]!]));
  const sums = new Float64Array(3 * occupied);
  const directions = new Float64Array(3 * occupied);
  const counts = new Int32Array(occupied);
  for (const [i, key] of keysOf(cloud, depth).entries()) {
    const node = rowOf.get(key)!;
    counts[node]!++;
    for (let axis = 0; axis < 3; axis++) {
      sums[3 * node + axis]! += gridPlace(cloud.points[3 * i + axis]!, depth);
      directions[3 * node + axis]! += cloud.normals[3 * i + axis]!;
    }
  }
  const means = Float32Array.from(sums, (sum, i) => sum / counts[Math.floor(i / 3)]!);
  const normals = Float32Array.from(directions, (sum, i) => {
    const first = i - (i % 3);
    return sum / (Math.hypot(directions[first]!, directions[first + 1]!, directions[first + 2]!) || 1);
  });
  const features = new Float32Array(4 * own.length);
  for (const [row, node] of numbers.entries()) {
    if (node < 0) continue;
    let height = 0;
    for (let axis = 0; axis < 3; axis++) {
      const [mean, normal] = [means[3 * node + axis]!, normals[3 * node + axis]!];
      features[4 * row + axis] = normal;
      height += (mean - Math.floor(mean) - 0.5) * normal;
    }
    features[4 * row + 3] = height;
  }
  return { means, normals, features };
}
