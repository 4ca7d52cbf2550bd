/**
 * The encoder of T5 as a graph (arXiv 1910.10683 §2.1): RMSNorm before each branch, no biases, scores that are not scaled, and one table
 * of biases by distance that all blocks share.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { taps } from "../prompt/taps.js";
import { maskBias, type TextEncoderArchitecture } from "../text-encoder.js";
import type { T5Config } from "./config.js";
import { bucketTable } from "./distances.js";

/** The decoder and its output matrix, the second name of the table, and a buffer of older files. */
const DROPPED: readonly RegExp[] = [
  ...[/^decoder\./, /^lm_head\.weight$/, /^shared\.weight$/, /^encoder\.embed_tokens\.weight$/],
];

export const T5: TextEncoderArchitecture<T5Config> = {
  name: "t5",
  graph: t5Graph,
  inputs: ({ distances }, batch) => ({
    ids: batch.ids,
    buckets: bucketTable(batch.ids.shape[1]!, distances),
    bias: maskBias(batch, false),
  }),
  dropped: DROPPED,
};

/** Inputs: ids [B, T], buckets [1, T, T] (of key minus query), bias [B, 1, T, T]. Outputs `last` and `penultimate` [B, T, C]. */
export function t5Graph(config: T5Config, tapped: readonly string[] = []): Graph {
  const { vocabulary, width: C, heads, distances, normEpsilon: epsilon, layers } = config;
  const g = new GraphBuilder("t5");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const norm = (name: string, x: Value) => o.rmsNorm(x, g.weight(`${name}.weight`, [C]), { epsilon });
  let x = tap("embedded", o.embedding(g.input("ids", ["B", "T"], "i32"), g.weight(config.table, [vocabulary, C])));
  const first = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
  const near = o.embedding(g.input("buckets", [1, "T", "T"], "i32"), g.weight(first, [distances.buckets, heads]));
  const position = tap("positionBias", o.transpose(near, { permutation: [0, 3, 1, 2] })); // [1, H, T, T]
  const bias = o.add(g.input("bias", ["B", 1, "T", "T"]), position);
  let penultimate = x;
  for (let i = 0; i < layers; i++) {
    penultimate = x;
    const path = `encoder.block.${i}.layer`;
    const linear: Linear = (name, value, [size, from]) =>
      o.linear(value, g.weight(`${path}.${name}.weight`, [size, from]), null);
    const attended = attention(o, config, linear, norm(`${path}.0.layer_norm`, x), bias);
    x = o.add(x, tap(`layer${i}.attention`, attended));
    const fed = feedForward(o, config, linear, norm(`${path}.1.layer_norm`, x));
    x = tap(`layer${i}`, o.add(x, tap(`layer${i}.feedForward`, fed)));
  }
  return g.build({ last: norm("encoder.final_layer_norm", x), penultimate, ...outputs(tapped) });
}

/** name.weight · value, where the matrix is [out, in]. */
type Linear = (name: string, value: Value, shape: readonly [out: number, from: number]) => Value;

function attention(o: Ops, { width: C, heads: H, headSize: D }: T5Config, linear: Linear, n: Value, bias: Value) {
  const inner = H * D;
  const split = (name: string) =>
    o.transpose(o.reshape(linear(`0.SelfAttention.${name}`, n, [inner, C]), { shape: [0, 0, H, D] }), {
      permutation: [0, 2, 1, 3],
    });
  const seen = o.attention(split("q"), split("k"), split("v"), null, null, bias, { scale: 1 });
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, inner] });
  return linear("0.SelfAttention.o", merged, [C, inner]);
}

function feedForward(o: Ops, { width: C, hidden, feedForward: kind }: T5Config, linear: Linear, n: Value): Value {
  const [dense, out] = ["1.DenseReluDense", "1.DenseReluDense.wo"];
  if (kind === "relu") return linear(out, o.relu(linear(`${dense}.wi`, n, [hidden, C])), [C, hidden]);
  const gate = o.gelu(linear(`${dense}.wi_0`, n, [hidden, C]), { approximation: "tanh" });
  return linear(out, o.mul(gate, linear(`${dense}.wi_1`, n, [hidden, C])), [C, hidden]);
}
