/**
 * The transformer over octrees as a graph: Llama (arXiv 2302.13971: RMSNorm before each branch, SwiGLU, rotary positions in a line, no
 * biases; weights under the hub's names), and to the embedding of an id is added where the next one stands and what is known around it.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { tapped } from "../blocks.js";
import { rotaryTable1d } from "../rotary.js";
import type { OctreeConfig } from "./config.js";

/** The three axes, as the inputs and weights name them. */
export const AXES = ["x", "y", "z"] as const;

/**
 * The graph of a pass. Inputs:
 *
 *   ids                    [B, T]           what is fed: words, the begin mark, ids of shapes
 *   next.kind, next.x …    [B, T]           where the next id stands: rows of the tables
 *   last.kind, last.x …    [B, T]           where the fed id stands
 *   told                   [T, 2]           whether a slot is told of the next place, and of the last one
 *   context                [B, T, X]        what is known around the next place
 *   slots                  [T]              number of each slot in the sequence, for its rotation
 *   bias                   [1, 1, T, S+T]   see masks.ts
 *   rows                   [R]              which of the T are asked
 *
 * Output `logits` [B, R, V]. `taps` may name "embedded", and "layer0" and so on, outputs of blocks.
 */
export function octreeGraph(config: OctreeConfig, taps: readonly string[] = []): Graph {
  const { layers, width: C, vocabulary: V, normEpsilon: epsilon, contextSize: X, heads, captionSlots, most } = config;
  const g = new GraphBuilder("octree");
  const o = opsOf(g);
  const values = new Map<string, Value>();
  const tap = (name: string, value: Value): Value => {
    values.set(name, value);
    return value;
  };
  const told = g.input("told", ["T", 2]);
  const toldOf = (i: number) => o.slice(told, { axis: 1, start: i, end: i + 1 });
  const around = o.linear(g.input("context", ["B", "T", X]), g.weight("model.context.weight", [C, X]), null);
  const next = o.mul(o.add(place(g, o, config, "next"), around), toldOf(0));
  const last = o.mul(place(g, o, config, "last"), toldOf(1));
  const table = g.weight("model.embed_tokens.weight", [config.rows, C]);
  const fed = o.embedding(g.input("ids", ["B", "T"], "i32"), table);
  let x = tap("embedded", o.add(o.add(fed, next), last));

  const D = C / heads;
  const shape = { headSize: D, base: config.ropeBase, conditionSlots: 0, condition: "identity" } as const;
  const angles = o.gather(g.constant(rotaryTable1d(shape, captionSlots + 1 + most)), g.input("slots", ["T"], "i32"), {
    axis: 0,
  });
  const half = (i: number) =>
    o.reshape(o.slice(angles, { axis: 2, start: i, end: i + 1 }), { shape: [1, 1, -1, D / 2] });
  const turn = { cos: half(0), sin: half(1) };
  const bias = g.input("bias", [1, 1, "T", "S+T"]);
  for (let i = 0; i < layers; i++) {
    const weight = (name: string, shape: readonly number[]) => g.weight(`model.layers.${i}.${name}.weight`, shape);
    const n = o.rmsNorm(x, weight("input_layernorm", [C]), { epsilon });
    const apart = (name: string) =>
      o.transpose(o.reshape(o.linear(n, weight(`self_attn.${name}`, [C, C]), null), { shape: [0, 0, heads, D] }), {
        permutation: [0, 2, 1, 3],
      });
    const remember = (name: string, fresh: Value) => {
      const state = g.state(`layers.${i}.${name}`, ["B", heads, "S", D]);
      g.append(state, fresh);
      return state;
    };
    const [q, k, v] = [turned(o, apart("q_proj"), turn), turned(o, apart("k_proj"), turn), apart("v_proj")];
    const seen = o.attention(q, k, v, remember("key", k), remember("value", v), bias, { scale: D ** -0.5 });
    const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
    x = o.add(x, o.linear(merged, weight("self_attn.o_proj", [C, C]), null));
    const m = o.rmsNorm(x, weight("post_attention_layernorm", [C]), { epsilon });
    const wide = (name: string) => o.linear(m, weight(`mlp.${name}`, [config.hidden, C]), null);
    const gated = o.mul(o.silu(wide("gate_proj")), wide("up_proj"));
    x = tap(`layer${i}`, o.add(x, o.linear(gated, weight("mlp.down_proj", [C, config.hidden]), null)));
  }
  const asked = o.gather(x, g.input("rows", ["R"], "i32"), { axis: 1 });
  const normed = o.rmsNorm(asked, g.weight("model.norm.weight", [C]), { epsilon });
  const logits = o.linear(normed, g.weight("lm_head.weight", [V, C]), null);
  return g.build({ logits, ...Object.fromEntries(taps.map((name) => [name, tapped(values, name)])) });
}

/** The embedding [B, T, C] of places: of their kind and of their coordinates. */
function place(g: GraphBuilder, o: Ops, { kinds, axisRows, width: C }: OctreeConfig, which: "next" | "last"): Value {
  const rows = (name: string) => g.input(`${which}.${name}`, ["B", "T"], "i32");
  const of = (name: string, table: string, size: number) =>
    o.embedding(rows(name), g.weight(`model.${which}_place.${table}.weight`, [size, C]));
  return AXES.reduce((sum, axis, i) => o.add(sum, of(axis, `axes.${i}`, axisRows)), of("kind", "kind", kinds));
}

/** Rotates x [B, H, T, D] by cos and sin [1, 1, T, D/2], the first half of the head's elements with the second. */
function turned(o: Ops, x: Value, { cos, sin }: { readonly cos: Value; readonly sin: Value }): Value {
  const D = x.shape[3] as number;
  const a = o.slice(x, { axis: 3, start: 0, end: D / 2 });
  const b = o.slice(x, { axis: 3, start: D / 2, end: D });
  return o.concat(o.sub(o.mul(a, cos), o.mul(b, sin)), o.add(o.mul(b, cos), o.mul(a, sin)), { axis: 3 });
}
