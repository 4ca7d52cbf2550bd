/**
 * The transformer of the Llama family as a graph. Names and layouts of the weights are those of the hub's files; fused matrices
 * stay fused and the memory holds key heads once, however many query heads read them.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { type Taps, taps } from "../prompt/taps.js";
import type { LlamaConfig, LlamaLayer } from "./config.js";

/** What a pass is fed, and what it gives: models that speak in other tokens have tables and heads of their own. */
export interface LlamaPorts {
  /** `ids` [B, T] through the table of embeddings, or `vectors` [B, T, C] in their place. */
  readonly fed: "ids" | "vectors";
  /** `logits` [B, R, V], or `hidden` [B, R, C], the rows after the last norm. */
  readonly gives: "logits" | "hidden";
}

export const LLAMA_PORTS: LlamaPorts = { fed: "ids", gives: "logits" };

/**
 * The graph of a pass. Inputs besides `ids` or `vectors`:
 *
 *   angles.<rope>  [B, T, R/2, 2]    see anglesOf(); one for each of the configuration's `ropes`
 *   bias           [B, 1, T, S+T]    0 where a key is seen and HIDDEN elsewhere, for layers that see all keys
 *   bias.<window>  [B, 1, T, S+T]    the same for layers with a window of that many keys
 *   rows           [R]               which of the T are asked
 *
 * Inputs that no layer reads are left out. States are `layers.<i>.key` and `.value` [B, kvHeads, S, headSize]. `tapped`
 * names values to give out, too: "embedded", "layer0" (output of a block), "layer0.attention" and "layer0.feedForward" (its branches
 * before any norm after them and before the residual sum), "hidden" (after the last norm, at the asked rows).
 */
export function llamaGraph(
  config: LlamaConfig,
  { fed, gives }: LlamaPorts = LLAMA_PORTS,
  tapped: readonly string[] = [],
): Graph {
  const { vocabulary: V, width: C, tied, prefix } = config;
  const g = new GraphBuilder("llama");
  const o = opsOf(g);
  const { tap, outputs } = taps();

  const table = () => g.weight(`${prefix}embed_tokens.weight`, [V, C]);
  const given =
    fed === "ids" ? o.embedding(g.input("ids", ["B", "T"], "i32"), table()) : g.input("vectors", ["B", "T", C]);
  const { embeddingScale } = config;
  const x = fed === "ids" && embeddingScale !== 1 ? o.affine(given, { scale: embeddingScale }) : given;
  const hidden = llamaTrunk(g, config, tap("embedded", x), tap);
  if (gives === "hidden") return g.build({ hidden, ...outputs(tapped) });
  const logits = o.linear(hidden, tied ? table() : g.weight("lm_head.weight", [V, C]), null);
  return g.build({
    logits: config.logitCap === null ? logits : capped(o, logits, config.logitCap),
    ...outputs(tapped),
  });
}

/**
 * Everything between embeddings and head: x [B, T, C] through all layers and the last norm, [B, R, C] at the asked `rows`. A model
 * with a table or a head of its own calls this in its own graph; the inputs are those of llamaGraph().
 */
export function llamaTrunk(
  g: GraphBuilder,
  config: LlamaConfig,
  x: Value,
  tap: Taps["tap"] = (_, value) => value,
): Value {
  const o = opsOf(g);
  const { norms, activation, prefix } = config;
  config.layers.forEach((layer, i) => {
    const at: Place = {
      ...{ g, o, config, layer },
      weight: (name, shape) => g.weight(`${prefix}layers.${i}.${name}.weight`, shape),
      bias: (name, has, size) => (has ? g.weight(`${prefix}layers.${i}.${name}.bias`, [size]) : null),
      remember(name, fresh) {
        const state = g.state(`layers.${i}.${name}`, ["B", config.kvHeads, "S", config.headSize]);
        g.append(state, fresh);
        return state;
      },
    };
    const attended = tap(`layer${i}.attention`, attention(at, norm(at, "input_layernorm", x)));
    if (norms === "before") {
      x = o.add(x, attended);
      x = o.add(x, tap(`layer${i}.feedForward`, feedForward(at, norm(at, "post_attention_layernorm", x), activation)));
    } else {
      x = o.add(x, norm(at, "post_attention_layernorm", attended));
      const widened = tap(
        `layer${i}.feedForward`,
        feedForward(at, norm(at, "pre_feedforward_layernorm", x), activation),
      );
      x = o.add(x, norm(at, "post_feedforward_layernorm", widened));
    }
    tap(`layer${i}`, x);
  });
  const asked = o.gather(x, g.input("rows", ["R"], "i32"), { axis: 1 });
  const weight = normWeight(o, config, g.weight(`${prefix}norm.weight`, [config.width]));
  return tap("hidden", o.rmsNorm(asked, weight, { epsilon: config.normEpsilon }));
}

/** Where a layer is built: its weights and its memory. */
interface Place {
  readonly g: GraphBuilder;
  readonly o: Ops;
  readonly config: LlamaConfig;
  readonly layer: LlamaLayer;
  readonly weight: (name: string, shape: readonly number[]) => Value;
  readonly bias: (name: string, has: boolean, size: number) => Value | null;
  /** The state of that name, after which `fresh` [B, K, T, D] is kept after the pass. */
  remember(name: string, fresh: Value): Value;
}

const normWeight = (o: Ops, { normScale }: LlamaConfig, weight: Value): Value =>
  normScale === "weight" ? weight : o.affine(weight, { offset: 1 }); // computed once, when the weights are loaded

function norm({ o, config, weight }: Place, name: string, x: Value): Value {
  const own = weight(name, [x.shape.at(-1) as number]);
  return o.rmsNorm(x, normWeight(o, config, own), { epsilon: config.normEpsilon });
}

/** n [B, T, C] -> [B, T, C], over what the memory holds and the new rows. */
function attention(at: Place, n: Value): Value {
  const { g, o, config, layer, weight, bias, remember } = at;
  const { width: C, heads: H, kvHeads: K, headSize: D, biases, attentionScale: scale, attentionCap } = config;
  const projected = (name: string, size: number) =>
    o.linear(n, weight(`self_attn.${name}`, [size * D, C]), bias(`self_attn.${name}`, biases.qkv, size * D));
  const apart = (x: Value) => o.transpose(o.reshape(x, { shape: [0, 0, -1, D] }), { permutation: [0, 2, 1, 3] });
  const [q, k, v] =
    config.projections === "separate"
      ? [projected("q_proj", H), projected("k_proj", K), projected("v_proj", K)]
      : parts(o, projected("qkv_proj", H + 2 * K), [H * D, K * D, K * D]);
  const normed = (name: string, x: Value) => (config.headNorms ? norm(at, `self_attn.${name}`, x) : x);
  const rotated = (x: Value) => {
    if (layer.rope === null) return x;
    const pairs = config.ropes[layer.rope]!.size / 2;
    return o.rotary(x, g.input(`angles.${layer.rope}`, ["B", "T", pairs, 2]), { pairs: "halves" });
  };
  const query = rotated(normed("q_norm", apart(q!)));
  const key = rotated(normed("k_norm", apart(k!)));
  const value = apart(v!);
  const seen = o.attention(
    query,
    key,
    value,
    remember("key", key),
    remember("value", value),
    g.input(layer.window === null ? "bias" : `bias.${layer.window}`, ["B", 1, "T", "S+T"]),
    attentionCap === null ? { scale } : { scale, softCap: attentionCap },
  );
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, H * D] });
  return o.linear(merged, weight("self_attn.o_proj", [C, H * D]), bias("self_attn.o_proj", biases.output, C));
}

/** down(activation(gate x) · (up x)): x [B, T, C] -> [B, T, C] through `hidden` (arXiv 2002.05202). */
function feedForward({ o, config, weight, bias }: Place, x: Value, activation: LlamaConfig["activation"]): Value {
  const { width: C, hidden, biases } = config;
  const widened = (name: string, size: number) =>
    o.linear(x, weight(`mlp.${name}`, [size, C]), bias(`mlp.${name}`, biases.feedForward, size));
  const [gate, up] =
    config.projections === "separate"
      ? [widened("gate_proj", hidden), widened("up_proj", hidden)]
      : parts(o, widened("gate_up_proj", 2 * hidden), [hidden, hidden]);
  const gated = o.mul(ACTIVATIONS[activation](o, gate!), up!);
  return o.linear(gated, weight("mlp.down_proj", [C, hidden]), bias("mlp.down_proj", biases.feedForward, C));
}

const ACTIVATIONS: Readonly<Record<LlamaConfig["activation"], (o: Ops, x: Value) => Value>> = {
  silu: (o, x) => o.silu(x),
  gelu: (o, x) => o.gelu(x, { approximation: "none" }),
  "gelu-tanh": (o, x) => o.gelu(x, { approximation: "tanh" }),
  relu: (o, x) => o.relu(x),
};

/** Runs of the last axis of x, of these sizes. */
function parts(o: Ops, x: Value, sizes: readonly number[]): Value[] {
  let start = 0;
  return sizes.map((size) => o.slice(x, { axis: 2, start, end: (start += size) }));
}

const capped = (o: Ops, x: Value, cap: number): Value =>
  o.affine(o.tanh(o.affine(x, { scale: 1 / cap })), { scale: cap });
