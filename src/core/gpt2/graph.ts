/**
 * GPT-2 as a graph (Radford et al. 2019 §2.3): learned positions, LayerNorm before each branch, one matrix for q, k and v. Files
 * hold matrices as [in, out]; `transposed(checkpoint, GPT2_MATRICES)` is what this graph wants, so that they can be quantised.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { i32, type Tensor, tensor } from "../../engine/tensor.js";
import { type PromptPass, promptInputs } from "../prompt/pass.js";
import { taps } from "../prompt/taps.js";
import type { Gpt2Config } from "./config.js";

/** Weights that files hold as [in, out]. */
export const GPT2_MATRICES = /\.(c_attn|c_proj|c_fc)\.weight$/;

/** Causal masks that older files carry. */
export const GPT2_DROPPED: readonly RegExp[] = [/\bh\.\d+\.attn\.(bias|masked_bias)$/];

/**
 * The graph of a pass. Inputs: ids [B, T], positions [B, T], bias [B, 1, T, S+T], rows [R] (which of the T are asked). Output
 * `logits` [B, R, V]. `tapped` as in llamaGraph().
 */
export function gpt2Graph(config: Gpt2Config, tapped: readonly string[] = []): Graph {
  const { prefix, vocabulary: V, width: C, contextLength, normEpsilon: epsilon, tied } = config;
  const g = new GraphBuilder("gpt2");
  const o = opsOf(g);
  const { tap, outputs } = taps();
  const weight = (name: string, shape: readonly number[]) => g.weight(`${prefix}${name}`, shape);
  const norm = (name: string, value: Value) =>
    o.layerNorm(value, weight(`${name}.weight`, [C]), weight(`${name}.bias`, [C]), { epsilon });

  const table = weight("wte.weight", [V, C]);
  const places = o.embedding(g.input("positions", ["B", "T"], "i32"), weight("wpe.weight", [contextLength, C]));
  let x = tap("embedded", o.add(o.embedding(g.input("ids", ["B", "T"], "i32"), table), places));
  for (let i = 0; i < config.layers; i++) {
    const linear: Linear = (name, value, [size, from]) =>
      o.linear(value, weight(`h.${i}.${name}.weight`, [size, from]), weight(`h.${i}.${name}.bias`, [size]));
    const attended = attention(g, o, config, i, linear, norm(`h.${i}.ln_1`, x));
    x = o.add(x, tap(`layer${i}.attention`, attended));
    const widened = activate(o, config, linear("mlp.c_fc", norm(`h.${i}.ln_2`, x), [config.hidden, C]));
    x = o.add(x, tap(`layer${i}.feedForward`, linear("mlp.c_proj", widened, [C, config.hidden])));
    tap(`layer${i}`, x);
  }
  const asked = o.gather(x, g.input("rows", ["R"], "i32"), { axis: 1 });
  const hidden = tap("hidden", norm("ln_f", asked));
  const logits = o.linear(hidden, tied ? table : g.weight("lm_head.weight", [V, C]), null);
  return g.build({ logits, ...outputs(tapped) });
}

/** name.weight · value + name.bias, where the matrix is [out, in]. */
type Linear = (name: string, value: Value, shape: readonly [out: number, from: number]) => Value;

function attention(g: GraphBuilder, o: Ops, config: Gpt2Config, layer: number, linear: Linear, n: Value): Value {
  const { width: C, heads: H } = config;
  const D = C / H;
  const remember = (name: string, fresh: Value) => {
    const state = g.state(`layers.${layer}.${name}`, ["B", H, "S", D]);
    g.append(state, fresh);
    return state;
  };
  const split = o.reshape(linear("attn.c_attn", n, [3 * C, C]), { shape: [0, 0, 3 * H, D] });
  const heads = o.transpose(split, { permutation: [0, 2, 1, 3] }); // [B, 3H, T, D]: q, k, v
  const part = (i: number) => o.slice(heads, { axis: 1, start: i * H, end: (i + 1) * H });
  const [q, k, v] = [part(0), part(1), part(2)];
  const bias = g.input("bias", ["B", 1, "T", "S+T"]);
  const seen = o.attention(q, k, v, remember("key", k), remember("value", v), bias, { scale: D ** -0.5 });
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
  return linear("attn.c_proj", merged, [C, C]);
}

const activate = (o: Ops, { activation }: Gpt2Config, x: Value): Value =>
  activation === "relu" ? o.relu(x) : o.gelu(x, { approximation: activation === "gelu" ? "none" : "tanh" });

/** The inputs of gpt2Graph() for a pass that asks the new slots `rows`. */
export function gpt2Inputs(pass: PromptPass, rows: readonly number[]): Record<string, Tensor> {
  const { ids, positions, bias } = promptInputs(pass);
  const flat = Int32Array.from(positions.flatMap((line) => [...line]));
  return { ids, positions: tensor(ids.shape, flat), bias: bias(null), rows: i32([rows.length], rows) };
}
