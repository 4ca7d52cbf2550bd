/**
 * The latent transformer as mathematics (CALM, arXiv 2509.06926 §3.2): rows of voice, text and latents through a causal transformer;
 * a flow head makes the next latent of each hidden state. Weight names are those of pocket-tts' files.
 */
import { weightedLayers } from "../../engine/blocks/layers.js";
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import type { FlowLmConfig } from "./config.js";

const EPSILON = 1e-5;

/** `latents` [1, N, V] of a recording to the rows that stand for its voice, [1, N (+ 1), C]. */
export function voiceGraph({ width: C, voice, voiceMark }: FlowLmConfig): Graph {
  const g = new GraphBuilder("flow-lm-voice");
  const o = opsOf(g);
  const rows = o.linear(g.input("latents", [1, "N", voice]), g.weight("speaker_proj_weight", [C, voice]), null);
  return g.build({ rows: voiceMark ? o.concat(g.weight("bos_before_voice", [1, 1, C]), rows, { axis: 1 }) : rows });
}

/** `ids` [1, N] to rows [1, N, C]. */
export function textGraph({ width, textRows }: FlowLmConfig): Graph {
  const g = new GraphBuilder("flow-lm-text");
  const table = g.weight("conditioner.embed.weight", [textRows, width]);
  return g.build({ rows: opsOf(g).embedding(g.input("ids", [1, "N"], "i32"), table) });
}

/** `latents` [1, T, L] to rows [1, T, C], and to what a codec decodes; where `begins` [1, T, 1] is 1, the mark of the beginning stands. */
export function latentGraph({ width, latent }: FlowLmConfig): Graph {
  const g = new GraphBuilder("flow-lm-latent");
  const o = opsOf(g);
  const latents = g.input("latents", [1, "T", latent]);
  const begins = g.input("begins", [1, "T", 1]);
  const others = o.mul(latents, o.affine(begins, { scale: -1, offset: 1 }));
  const given = o.add(others, o.mul(begins, g.weight("bos_emb", [latent])));
  const audible = o.add(o.mul(latents, g.weight("emb_std", [latent])), g.weight("emb_mean", [latent]));
  return g.build({ rows: o.linear(given, g.weight("input_linear.weight", [width, latent]), null), audible });
}

/** `rows` [1, T, C], `angles` [T, D/2, 2] and `bias` [1, 1, T, S+T] to `hidden` [1, T, C] and `end` [1, T, 1]. */
export function backboneGraph(config: FlowLmConfig): Graph {
  const { width: C, heads: H, hidden } = config;
  const D = C / H;
  const g = new GraphBuilder("flow-lm");
  const o = opsOf(g);
  const { linear, norm, apart, together } = weightedLayers(g, "linear");
  const angles = g.input("angles", ["T", D / 2, 2]);
  const bias = g.input("bias", [1, 1, "T", "S+T"]);
  let x = g.input("rows", [1, "T", C]);
  for (let i = 0; i < config.layers; i++) {
    const path = `transformer.layers.${i}`;
    const remember = (name: StateKind, fresh: Value) => {
      const state = g.state(stateOf(i, name), [1, H, "S", D]);
      g.append(state, fresh);
      return state;
    };
    const all = linear(`${path}.self_attn.in_proj`, norm(`${path}.norm1`, x, EPSILON), 3 * C, { bias: false });
    const part = (j: number) => apart(o.slice(all, { axis: 2, start: j * C, end: (j + 1) * C }), H);
    const [q, k, v] = [o.rotary(part(0), angles), o.rotary(part(1), angles), part(2)];
    const seen = o.attention(q, k, v, remember("key", k), remember("value", v), bias, { scale: D ** -0.5 });
    x = o.add(x, linear(`${path}.self_attn.out_proj`, together(seen), C, { bias: false }));
    const inner = linear(`${path}.linear1`, norm(`${path}.norm2`, x, EPSILON), hidden, { bias: false });
    x = o.add(x, linear(`${path}.linear2`, o.gelu(inner, { approximation: "none" }), C, { bias: false }));
  }
  const out = norm("out_norm", x, EPSILON);
  return g.build({ hidden: out, end: linear("out_eos", out, 1) });
}

export type StateKind = "key" | "value";

/** The name of a state of the transformer: keys turned to their places, and values. */
export const stateOf = (layer: number, kind: StateKind): string => `layers.${layer}.${kind}`;

/** Names of values that the flow head gives out besides the velocity, for tests. */
export type HeadTap = (name: "time 0" | "block 0", value: Value) => void;

/** `x` [N, L] at the times `span` [N, 2], from s to t, under `hidden` [N, C], to the mean `velocity` [N, L] of the way between. */
export function headGraph({ width: C, latent, head }: FlowLmConfig, tap: HeadTap = () => {}): Graph {
  const { width: F } = head;
  const g = new GraphBuilder("flow-head");
  const o = opsOf(g);
  const { linear, norm } = weightedLayers(g, "linear");
  const span = g.input("span", ["N", 2]);

  const time = (k: 0 | 1): Value => {
    const path = `flow_net.time_embed.${k}`;
    const angle = o.mul(
      o.slice(span, { axis: 1, start: k, end: k + 1 }),
      g.weight(`${path}.freqs`, [head.frequencies]),
    );
    const waves = o.concat(o.cos(angle), o.sin(angle), { axis: 1 });
    const y = linear(`${path}.mlp.2`, o.silu(linear(`${path}.mlp.0`, waves, F)), F);
    return o.mul(byDeviation(o, y, F), g.weight(`${path}.mlp.3.alpha`, [F]));
  };
  const first = time(0);
  tap("time 0", first);
  const when = o.affine(o.add(first, time(1)), { scale: 0.5 });
  const y = o.silu(o.add(when, linear("flow_net.cond_embed", g.input("hidden", ["N", C]), F)));

  const modulation = (path: string, count: number): Value[] => {
    const all = linear(`${path}.adaLN_modulation.1`, y, count * F);
    return Array.from({ length: count }, (_, i) => o.slice(all, { axis: 1, start: i * F, end: (i + 1) * F }));
  };
  const modulated = (x: Value, shift: Value, scale: Value) => o.add(o.mul(x, o.affine(scale, { offset: 1 })), shift);

  let x = linear("flow_net.input_proj", g.input("x", ["N", latent]), F);
  for (let i = 0; i < head.blocks; i++) {
    const path = `flow_net.res_blocks.${i}`;
    const [shift, scale, gate] = modulation(path, 3) as [Value, Value, Value];
    const h = modulated(norm(`${path}.in_ln`, x, HEAD_EPSILON), shift, scale);
    x = o.add(x, o.mul(gate, linear(`${path}.mlp.2`, o.silu(linear(`${path}.mlp.0`, h, F)), F)));
    if (i === 0) tap("block 0", x);
  }
  const [shift, scale] = modulation("flow_net.final_layer", 2) as [Value, Value];
  const last = modulated(o.layerNorm(x, null, null, { epsilon: HEAD_EPSILON }), shift, scale);
  return g.build({ velocity: linear("flow_net.final_layer.linear", last, latent) });
}

const HEAD_EPSILON = 1e-6;

/** x over its standard deviation (of a sample, about the mean, which stays in x). */
function byDeviation(o: Ops, x: Value, size: number): Value {
  const centred = o.sub(x, o.mean(x, { axis: -1, keepDims: true }));
  const squares = o.sum(o.mul(centred, centred), { axis: -1, keepDims: true });
  return o.div(x, o.sqrt(o.affine(squares, { scale: 1 / (size - 1), offset: EPSILON })));
}
