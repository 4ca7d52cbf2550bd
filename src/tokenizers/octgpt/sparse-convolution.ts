/** Convolutions over the nodes of an octree (O-CNN, arXiv 1712.01537 §3.2): products of gathered rows with one matrix. */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { rowNorm, rowNormRelu } from "./row-norm.js";

/** What the encoder is told of the nodes of a depth. */
export interface DepthNodes {
  /** [n, 27] rows of the neighbours of each node; n, which is a row of zeros, where there is none. */
  readonly neighbours: Value;
}

/** The sum over 27 neighbours of their rows times a matrix each: x [n, C] -> [n, O]. `path`.weights is [27, C, O]. */
export function sparseConvolution(g: GraphBuilder, path: string, x: Value, { neighbours }: DepthNodes, O: number) {
  const padded = opsOf(g).pad(x, { axis: 0, before: 0, after: 1, mode: "zero" });
  return gatheredProduct(g, `${path}.weights`, padded, neighbours, O);
}

/** The eight children of each split node times a matrix each: x [n, C] -> [split nodes, O]. `path`.weights is [8, C, O]. */
export const childConvolution = (g: GraphBuilder, path: string, x: Value, children: Value, O: number): Value =>
  gatheredProduct(g, `${path}.weights`, x, children, O);

/** Rows x[indices[n, k]] side by side times the matrices k of a weight [K, C, O]. */
function gatheredProduct(g: GraphBuilder, weight: string, x: Value, indices: Value, O: number): Value {
  const o = opsOf(g);
  const [K, C] = [indices.shape[1] as number, x.shape[1] as number];
  const rows = o.reshape(o.gather(x, indices, { axis: 0 }), { shape: [0, K * C] });
  return o.matmul(rows, o.reshape(g.weight(weight, [K, C, O]), { shape: [K * C, O] }));
}

/** relu(norm(conv(relu(norm(conv x)))) + x), the inner one with C / bottleneck channels. */
export function sparseBlock(g: GraphBuilder, path: string, x: Value, nodes: DepthNodes, bottleneck: number): Value {
  const o = opsOf(g);
  const C = x.shape[1] as number;
  const layer = (name: string, y: Value, O: number) => sparseConvolution(g, `${path}.${name}.conv`, y, nodes, O);
  const inner = rowNormRelu(g, `${path}.conv3x3a.gn`, layer("conv3x3a", x, C / bottleneck));
  return o.relu(o.add(rowNorm(g, `${path}.conv3x3b.gn`, layer("conv3x3b", inner, C)), x));
}
