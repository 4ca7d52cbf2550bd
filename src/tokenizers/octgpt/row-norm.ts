/** Group normalisation of the rows of a set of nodes, as O-CNN has it: statistics over all rows of a shape. */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";

const EPSILON = 1e-5;

/** Groups of C channels: four channels each, from 128 channels on 32 groups. */
const groupsOf = (C: number): number => (C >= 128 ? 32 : C / 4);

/** x [N, C] normalised over all rows and the channels of each group, times `weights` plus `bias`, both [1, C]; at least 0. */
export function rowNormRelu(g: GraphBuilder, path: string, x: Value): Value {
  return opsOf(g).relu(rowNorm(g, path, x));
}

/** The same without a bound. arXiv 1803.08494 §3, with the rows as places. */
export function rowNorm(g: GraphBuilder, path: string, x: Value): Value {
  const o = opsOf(g);
  const C = x.shape[1] as number;
  const groups = groupsOf(C);
  // The mean of each group, at each of its channels: [1, C].
  const means = (y: Value) => {
    const perChannel = o.reshape(o.mean(y, { axis: 0, keepDims: true }), { shape: [groups, C / groups] });
    const perGroup = o.mean(perChannel, { axis: 1, keepDims: true });
    return o.reshape(o.repeat(perGroup, { axis: 1, times: C / groups }), { shape: [1, C] });
  };
  const centred = o.sub(x, means(x));
  const deviation = o.sqrt(o.affine(means(o.mul(centred, centred)), { offset: EPSILON }));
  const scale = o.div(g.weight(`${path}.weights`, [1, C]), deviation);
  return o.add(o.mul(centred, scale), g.weight(`${path}.bias`, [1, C]));
}
