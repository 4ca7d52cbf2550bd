/** An octree of one shape as inputs of the networks: which rows are gathered where. */
import { i32, type Tensor, tensor } from "../../engine/tensor.js";
import { type DualGraph, dualGraph, DIRECTIONS } from "../octree/dual-graph.js";
import { neighboursOf, type PointOctree } from "../octree/point-octree.js";
import { SLOTS } from "./graph-convolution.js";

type Feeds = Record<string, Tensor>;

/** Rows that are children of split nodes, eight after one another from `first` on. */
const childRows = (split: number, first: number): Tensor =>
  tensor(
    [split, 8],
    Int32Array.from({ length: 8 * split }, (_, i) => first + i),
  );

const splitCount = ({ children }: PointOctree, depth: number): number =>
  children[depth]!.reduce((count, child) => count + (child >= 0 ? 1 : 0), 0);

/** What the encoder is told of the depths from the finest one up to `codeDepth`. */
export function sparseFeeds(octree: PointOctree, codeDepth: number): Feeds {
  const feeds: Feeds = {};
  for (let d = octree.depth; d >= codeDepth; d--) {
    const n = octree.keys[d]!.length;
    const neighbours = neighboursOf(octree, d).map((row) => (row < 0 ? n : row));
    feeds[`neighbours.${d}`] = tensor([n, 27], neighbours);
    if (d === octree.depth) continue;
    const split = splitCount(octree, d);
    feeds[`children.${d}`] = childRows(split, 0);
    feeds[`merged.${d}`] = i32(
      [n],
      octree.children[d]!.map((child) => (child < 0 ? split : child)),
    );
  }
  return feeds;
}

/** The dual graph of a depth; `types` is the width of the one-hot depth. */
export function graphFeeds(octree: PointOctree, depth: number, types: number): Feeds {
  const graph = dualGraph(octree, depth);
  const N = graph.keys.length;
  const oneHot = new Float32Array(N * types);
  for (const [row, d] of graph.depths.entries()) oneHot[row * types + d - octree.fullDepth] = 1;
  const { slots, levels } = meansOf(graph, depth - octree.fullDepth);
  const feeds: Feeds = { [`types.${depth}`]: tensor([N, types], oneHot), [`slots.${depth}`]: slots };
  for (const [i, { rows, shares }] of levels.entries()) {
    feeds[`sums.${depth}.${i}`] = i32([rows.length / 4, 4], rows);
    feeds[`shares.${depth}.${i}`] = tensor([shares.length, 1], Float32Array.from(shares));
  }
  return feeds;
}

interface Level {
  readonly rows: number[];
  readonly shares: number[];
}

/** For each node the mean of its neighbours in each direction and itself, as rows of the table that graphConvolution builds. */
function meansOf({ keys, edges }: DualGraph, height: number): { readonly slots: Tensor; readonly levels: Level[] } {
  const N = keys.length;
  const slots = new Int32Array(N * SLOTS).fill(N); // the row of zeros
  for (let row = 0; row < N; row++) slots[row * SLOTS + DIRECTIONS.length] = row;
  const levels = Array.from({ length: height }, (): Level => ({ rows: [], shares: [] }));
  const means: { readonly slot: number; readonly level: number; readonly sum: number }[] = [];
  for (let first = 0, end = 0; first < edges.length; first = end) {
    while (edges[end] === edges[first] && edges[end + 1] === edges[first + 1]) end += 3;
    const slot = edges[first]! * SLOTS + edges[first + 1]!;
    const count = (end - first) / 3;
    if (count === 1) slots[slot] = edges[first + 2]!;
    else {
      let rows = Array.from({ length: count }, (_, i) => edges[first + 3 * i + 2]!);
      let level = -1;
      while (rows.length > 1) rows = summed(levels[++level]!, rows);
      levels[level]!.shares[rows[0]!] = 1 / count;
      means.push({ slot, level, sum: rows[0]! });
    }
  }
  const starts: number[] = [];
  let next = N + 1;
  for (const [i, { rows, shares }] of levels.entries()) {
    if (shares.length === 0) {
      // No device likes to gather nothing.
      rows.push(0, 0, 0, 0);
      shares.push(0);
    }
    starts.push(next);
    next += shares.length;
    // What is missing in the last four of a sum is the row of zeros after the level before.
    const zero = i === 0 ? N : levels[i - 1]!.shares.length;
    for (const [at, row] of rows.entries()) if (row < 0) rows[at] = zero;
  }
  for (const { slot, level, sum } of means) slots[slot] = starts[level]! + sum;
  return { slots: tensor([N, SLOTS], slots), levels };
}

/** Adds the sums of each four rows to a level and answers their rows there. */
function summed({ rows, shares }: Level, some: readonly number[]): number[] {
  const sums: number[] = [];
  for (let i = 0; i < some.length; i += 4) {
    sums.push(shares.length);
    shares.push(0);
    for (let k = i; k < i + 4; k++) rows.push(some[k] ?? -1);
  }
  return sums;
}

/** How the graph of `depth` merges into that of the depth above. */
export function mergeFeeds(octree: PointOctree, depth: number): Feeds {
  const { coarser, leaves, nodes, split } = countsOf(octree, depth - 1);
  let leaf = coarser;
  const own = Array.from(octree.children[depth - 1]!, (child) =>
    child < 0 ? leaf++ : child + coarser + leaves + 8 * split,
  );
  return {
    [`children.${depth - 1}`]: childRows(split, coarser + leaves),
    [`merged.${depth - 1}`]: i32([coarser + nodes], [...Array(coarser).keys(), ...own]),
  };
}

/** How the graph of `depth` splits into that of the depth below. */
export function splitFeeds(octree: PointOctree, depth: number): Feeds {
  const { coarser } = countsOf(octree, depth);
  const own = [...octree.children[depth]!.keys()];
  const rows = (kept: (child: number) => boolean) =>
    own.filter((i) => kept(octree.children[depth]![i]!)).map((i) => coarser + i);
  const leaves = [...Array(coarser).keys(), ...rows((child) => child < 0)];
  const split = rows((child) => child >= 0);
  return { [`leaves.${depth}`]: i32([leaves.length], leaves), [`split.${depth}`]: i32([split.length], split) };
}

/** For each node of the graph of `depth` its row among the nodes of that depth, or n for the leaves above. */
export function codeFeeds(octree: PointOctree, depth: number): Feeds {
  const { coarser, nodes } = countsOf(octree, depth);
  return { "code.rows": i32([coarser + nodes], [...Array<number>(coarser).fill(nodes), ...Array(nodes).keys()]) };
}

/** Leaves above a depth; and of the nodes at that depth, how many are leaves, and how many are split. */
export function countsOf(octree: PointOctree, depth: number) {
  let coarser = 0;
  for (let d = octree.fullDepth; d < depth; d++) coarser += octree.keys[d]!.length - splitCount(octree, d);
  const nodes = octree.keys[depth]!.length;
  const split = splitCount(octree, depth);
  return { coarser, nodes, split, leaves: nodes - split };
}
