/**
 * The text encoder of CLIP as a graph (arXiv 2103.00020 §2.4): learned positions, LayerNorm before each branch, attention to what came
 * before, and a pooled row at the end token.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { i32, type Tensor, tensor } from "../../engine/tensor.js";
import { taps } from "../prompt/taps.js";
import { maskBias, type TextEncoderArchitecture } from "../text-encoder.js";
import type { ClipTextConfig } from "./config.js";

/** A buffer of older files, and the half of a whole CLIP that sees pictures. */
const DROPPED: readonly RegExp[] = [
  ...[/^text_model\.embeddings\.position_ids$/, /^vision_model\./, /^visual_projection\./, /^logit_scale$/],
];

export const CLIP_TEXT: TextEncoderArchitecture<ClipTextConfig> = {
  name: "clip-text",
  graph: clipTextGraph,
  inputs: ({ end }, batch) => ({
    ids: batch.ids,
    places: i32([batch.ids.shape[1]!], [...Array(batch.ids.shape[1]!).keys()]),
    bias: maskBias(batch, true),
    ends: endsOf(batch.ids, end),
  }),
  dropped: DROPPED,
};

/** [B, 1, T]: 1 where each text is pooled, 0 elsewhere. A text without its end token is pooled at its first place, as in the reference. */
function endsOf({ shape, data: ids }: Tensor, end: ClipTextConfig["end"]): Tensor {
  const [B, T] = shape as [number, number];
  const data = new Float32Array(B * T);
  for (let item = 0; item < B; item++) {
    const line = Array.from(ids.subarray(item * T, (item + 1) * T));
    const wanted = end === "largest" ? Math.max(...line) : end;
    data[item * T + Math.max(line.indexOf(wanted), 0)] = 1;
  }
  return tensor([B, 1, T], data);
}

/**
 * Inputs: ids [B, T], places [T], which count from 0, bias [B, 1, T, T], ends [B, 1, T]. Outputs `last` and `penultimate` [B, T, C],
 * `pooled` [B, 1, C] and, of a file with a projection, `projected` [B, 1, P].
 */
export function clipTextGraph(config: ClipTextConfig, tapped: readonly string[] = []): Graph {
  const { vocabulary, width: C, hidden, layers, contextLength, projection, normEpsilon: epsilon } = config;
  const g = new GraphBuilder("clip-text");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const weight = (name: string, shape: readonly number[]) => g.weight(`text_model.${name}`, shape);
  const affine: Affine = (name, x, [size, from]) =>
    o.linear(x, weight(`${name}.weight`, [size, from]), weight(`${name}.bias`, [size]));
  const norm = (name: string, x: Value) =>
    o.layerNorm(x, weight(`${name}.weight`, [C]), weight(`${name}.bias`, [C]), { epsilon });

  const words = weight("embeddings.token_embedding.weight", [vocabulary, C]);
  const places = weight("embeddings.position_embedding.weight", [contextLength, C]);
  let x = tap(
    "embedded",
    o.add(o.embedding(g.input("ids", ["B", "T"], "i32"), words), o.embedding(g.input("places", ["T"], "i32"), places)),
  );
  const bias = g.input("bias", ["B", 1, "T", "T"]);
  let penultimate = x;
  for (let i = 0; i < layers; i++) {
    penultimate = x;
    const path = `encoder.layers.${i}`;
    x = o.add(x, attention(o, config, `${path}.self_attn`, affine, norm(`${path}.layer_norm1`, x), bias));
    const widened = activated(o, config, affine(`${path}.mlp.fc1`, norm(`${path}.layer_norm2`, x), [hidden, C]));
    x = o.add(x, affine(`${path}.mlp.fc2`, widened, [C, hidden]));
  }
  const last = norm("final_layer_norm", x);
  const pooled = o.matmul(g.input("ends", ["B", 1, "T"]), last); // a sum of one row and of zeros
  const projected = projection !== null && {
    projected: o.linear(pooled, g.weight("text_projection.weight", [projection, C]), null),
  };
  return g.build({ last, penultimate, pooled, ...projected, ...outputs(tapped) });
}

/** name.weight · value + name.bias, where the matrix is [out, in]. */
type Affine = (name: string, value: Value, shape: readonly [out: number, from: number]) => Value;

function attention(
  o: Ops,
  { width: C, heads: H }: ClipTextConfig,
  path: string,
  affine: Affine,
  n: Value,
  bias: Value,
): Value {
  const D = C / H;
  const split = (name: string) =>
    o.transpose(o.reshape(affine(`${path}.${name}`, n, [C, C]), { shape: [0, 0, H, D] }), {
      permutation: [0, 2, 1, 3],
    });
  const [q, k, v] = [split("q_proj"), split("k_proj"), split("v_proj")];
  const seen = o.attention(q, k, v, null, null, bias, { scale: D ** -0.5 });
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
  return affine(`${path}.out_proj`, merged, [C, C]);
}

function activated(o: Ops, { activation }: ClipTextConfig, x: Value): Value {
  if (activation === "quick-gelu") return o.mul(x, o.sigmoid(o.affine(x, { scale: 1.702 })));
  return o.gelu(x, { approximation: activation === "gelu" ? "none" : "tanh" });
}
