/**
 * Layers on the dual graph of an octree (dual octree graph networks, Wang et al. 2022, arXiv 2205.02825 §3.2; OctGPT, arXiv 2504.09975
 * §3.2). A node has neighbours in six directions, one or many in each; the convolution sees the mean of each direction and the node.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { rowNorm, rowNormRelu } from "./row-norm.js";

/** The graph of a depth, as values of the network's inputs. N: its nodes. */
export interface GraphNodes {
  /** [N, types] the depth of each node, one-hot. */
  readonly types: Value;
  /**
   * Sums of many neighbours as trees of fours, for a mean of thousands needs no more than a few gathers then, exact and the same on
   * every device: level k sums four rows of level k - 1, the nodes themselves being level 0, whose row after the last is zero.
   */
  readonly sums: readonly {
    /** [G, 4] rows of the level before. */
    readonly rows: Value;
    /** [G, 1] one over the neighbours in each sum, where it is a mean that is asked for. */
    readonly shares: Value;
  }[];
  /** [N, 7] of each node its mean in each direction and itself: rows of [nodes, a zero row, means of level 1, of level 2 …]. */
  readonly slots: Value;
}

export const SLOTS = 7;

/** x [N, C] -> [N, O]; `path`.weights is [7 · (C + types), O]. */
export function graphConvolution(g: GraphBuilder, path: string, x: Value, graph: GraphNodes, O: number): Value {
  const o = opsOf(g);
  const wide = o.concat(x, graph.types, { axis: 1 });
  const W = wide.shape[1] as number;
  const behind = (rows: Value) => o.pad(rows, { axis: 0, before: 0, after: 1, mode: "zero" });
  const nodes = behind(wide);
  const means: Value[] = [];
  let level = nodes;
  for (const { rows, shares } of graph.sums) {
    const sums = o.sum(o.gather(level, rows, { axis: 0 }), { axis: 1, keepDims: false });
    means.push(o.mul(sums, shares));
    level = behind(sums);
  }
  const table = means.length > 0 ? o.concat(nodes, ...means, { axis: 0 }) : nodes;
  const seen = o.reshape(o.gather(table, graph.slots, { axis: 0 }), { shape: [0, SLOTS * W] });
  return o.matmul(seen, g.weight(`${path}.weights`, [SLOTS * W, O]));
}

/** relu(norm(conv(relu(norm(conv x)))) + x), the inner one with C / bottleneck channels. */
export function graphBlock(g: GraphBuilder, path: string, x: Value, graph: GraphNodes, bottleneck: number): Value {
  const o = opsOf(g);
  const C = x.shape[1] as number;
  const inner = graphConvolution(g, `${path}.conva.conv`, x, graph, C / bottleneck);
  const outer = graphConvolution(g, `${path}.convb.conv`, rowNormRelu(g, `${path}.conva.norm.norm`, inner), graph, C);
  return o.relu(o.add(rowNorm(g, `${path}.convb.norm.norm`, outer), x));
}

/** Which nodes of a graph become one in the graph of the depth above. */
export interface Merge {
  /** [S, 8] the children of each split node. */
  readonly children: Value;
  /** [M] for each node of the graph above: its own row, or that of the merged ones after them. */
  readonly rows: Value;
}

/** From the graph of a depth to that of the depth above: split nodes are a product of their eight children, others stay. */
export function graphDownsample(g: GraphBuilder, path: string, x: Value, { children, rows }: Merge, O: number): Value {
  const o = opsOf(g);
  const C = x.shape[1] as number;
  const eight = o.reshape(o.gather(x, children, { axis: 0 }), { shape: [0, 8 * C] });
  // [C, C, 8] in the file, of which only the order of its numbers counts: [C, 8C].
  const matrix = o.reshape(g.weight(`${path}.downsample.weights`, [C, C, 8]), { shape: [C, 8 * C] });
  const merged = o.matmul(eight, o.transpose(matrix, { permutation: [1, 0] }));
  return widened(g, path, o.gather(o.concat(x, merged, { axis: 0 }), rows, { axis: 0 }), O);
}

/** Which nodes of a graph are split in the graph of the depth below. */
export interface Split {
  /** [L] those that stay, and [S] those that are split. */
  readonly leaves: Value;
  readonly split: Value;
}

/** From the graph of a depth to that of the depth below: eight children for each split node, others stay and come first. */
export function graphUpsample(g: GraphBuilder, path: string, x: Value, { leaves, split }: Split, O: number): Value {
  const o = opsOf(g);
  const C = x.shape[1] as number;
  const matrix = o.reshape(g.weight(`${path}.upsample.weights`, [C, C, 8]), { shape: [C, 8 * C] });
  const children = o.reshape(o.matmul(o.gather(x, split, { axis: 0 }), matrix), { shape: [-1, C] });
  return widened(g, path, o.concat(o.gather(x, leaves, { axis: 0 }), children, { axis: 0 }), O);
}

/** A product, a norm and a bound where the number of channels changes. */
function widened(g: GraphBuilder, path: string, x: Value, O: number): Value {
  return x.shape[1] === O ? x : pointLayer(g, `${path}.conv1x1`, x, O);
}

/** relu(norm(x · weightᵀ)): x [N, C] -> [N, O]. */
export const pointLayer = (g: GraphBuilder, path: string, x: Value, O: number): Value =>
  rowNormRelu(
    g,
    `${path}.norm.norm`,
    opsOf(g).linear(x, g.weight(`${path}.conv.linear.weight`, [O, x.shape[1] as number]), null),
  );
