/**
 * The dual graph of an octree (Wang et al. 2022, "Dual octree graph networks", §3.1): its nodes are the leaves of all depths before the last and all
 * nodes of the last; those that share a face are joined.
 */
import { cellOf } from "./morton.js";
import { type PointOctree, shapeCell, shapeKey } from "./point-octree.js";

/** The directions of edges in order: +z, -z, +y, -y, +x, -x; axis 0 is x. */
export const DIRECTIONS: readonly (readonly [axis: 0 | 1 | 2, sign: 1 | -1])[] = [
  [2, 1],
  [2, -1],
  [1, 1],
  [1, -1],
  [0, 1],
  [0, -1],
];

export interface DualGraph {
  /** Of each node: its key with the shape, its depth, and its number among the split nodes of that depth or -1. */
  readonly keys: Float64Array;
  readonly depths: Int32Array;
  readonly children: Int32Array;
  /** [edges, 3] node, direction, neighbour; sorted. */
  readonly edges: Int32Array;
}

/** The graph of the depths fullDepth … depth. */
export function dualGraph(octree: PointOctree, depth: number): DualGraph {
  const keys: number[] = [];
  const depths: number[] = [];
  const children: number[] = [];
  const rows = octree.keys.map(() => new Map<number, number>()); // of each depth: key -> row
  for (let d = octree.fullDepth; d <= depth; d++) {
    for (const [i, key] of octree.keys[d]!.entries()) {
      const child = octree.children[d]![i]!;
      if (d < depth && child >= 0) continue;
      rows[d]!.set(key, keys.length);
      keys.push(key);
      depths.push(d);
      children.push(child);
    }
  }
  const edges: number[] = [];
  for (const [row, key] of keys.entries())
    for (const direction of DIRECTIONS.keys())
      for (const other of across(octree.fullDepth, rows, depth, key, depths[row]!, direction))
        edges.push(row, direction, other);
  return {
    keys: Float64Array.from(keys),
    depths: Int32Array.from(depths),
    children: Int32Array.from(children),
    edges: Int32Array.from(edges),
  };
}

/** The rows behind a face of a node, ascending: one that is as large or larger, else all smaller ones that touch it. */
function across(
  fullDepth: number,
  rows: readonly ReadonlyMap<number, number>[],
  last: number,
  key: number,
  depth: number,
  direction: number,
): number[] {
  const [axis, sign] = DIRECTIONS[direction]!;
  const { shape, cell } = shapeCell(key);
  const beside = cell.slice() as [number, number, number];
  beside[axis] += sign;
  if (beside[axis]! < 0 || beside[axis]! >= 2 ** depth) return [];
  for (let d = depth; d >= fullDepth; d--) {
    const [x, y, z] = beside.map((c) => c >> (depth - d)) as [number, number, number];
    const row = rows[d]!.get(shapeKey(shape, x, y, z));
    if (row !== undefined) return [row];
  }
  // The neighbour is split: its children at the near side, and theirs.
  const found: number[] = [];
  const near = sign > 0 ? 0 : 1;
  const visit = (at: readonly [number, number, number], d: number): void => {
    const row = rows[d]!.get(shapeKey(shape, ...at));
    if (row !== undefined) found.push(row);
    else if (d < last)
      for (let child = 0; child < 8; child++) {
        const bits = cellOf(child);
        if (bits[axis] === near) visit([2 * at[0] + bits[0], 2 * at[1] + bits[1], 2 * at[2] + bits[2]], d + 1);
      }
  };
  visit(beside, depth);
  return found.sort((a, b) => a - b);
}
