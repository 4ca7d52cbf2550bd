/**
 * The decoder-only transformer, all of it: embed, blocks, head. Reference: LlamaGen (arXiv 2406.06525 §2.2), which is LLaMA
 * (RMSNorm before each branch, SwiGLU, no biases) with rotary positions on a grid. Names and layouts of the weights are those
 * of its files; wqkv stays one matrix.
 *
 * One graph serves every pass: a pass over the condition feeds vectors (`prefix`), a pass over tokens feeds ids, and a pass
 * may hold both. So the weights are loaded once, and a step is a single run.
 */
import { UnknownNameError } from "../base/errors.js";
import { type Graph, GraphBuilder, type Value } from "../engine/graph.js";
import { type Ops, opsOf } from "../engine/ops/index.js";
import { derive, type TransformerConfig } from "./configs.js";
import { rotaryTable2d } from "./rotary.js";

type Weight = (name: string, shape: readonly number[]) => Value;

/**
 * The graph of a pass. Inputs:
 *
 *   ids      [B, T]            what is fed; any id where the prefix stands
 *   isToken  [T, 1]            1 where a token is fed, 0 where the prefix stands
 *   prefix   [B, T, C]         vectors of the condition, zeros where a token is fed
 *   slots    [T]               place of each in the sequence, which decides its rotation
 *   bias     [1|B, 1, T, S+T]  see masks.ts; B where prompts are padded (features), else 1
 *   rows     [R]               which of the T are asked for logits
 *
 * Output `logits` [B, R, V]. `taps` names intermediate values to give out, too: "embedded", "layer0" (output of a block),
 * "layer0.attention" and "layer0.ffn" (its branches before the residual sum), "layer0.key" (rotated, [B, H, T, D]).
 */
export function decoderGraph(config: TransformerConfig, taps: readonly string[] = []): Graph {
  const { layers, heads, width: C, hidden, vocabulary: V, normEpsilon: epsilon } = config;
  const { headSize, conditionSlots } = derive(config);
  const g = new GraphBuilder("decoder");
  const o = opsOf(g);
  const values = new Map<string, Value>();
  const tap = (name: string, value: Value): Value => {
    values.set(name, value);
    return value;
  };

  const ids = g.input("ids", ["B", "T"], "i32");
  const isToken = g.input("isToken", ["T", 1]);
  const prefix = g.input("prefix", ["B", "T", C]);
  const slots = g.input("slots", ["T"], "i32");
  const bias = g.input("bias", [config.condition.kind === "features" ? "B" : 1, 1, "T", "S+T"]);
  const rows = g.input("rows", ["R"], "i32");

  const rotary = { headSize, base: config.ropeBase, conditionSlots, condition: config.conditionRotation };
  const table = g.constant(rotaryTable2d(rotary, config.grid));
  const angles = o.gather(table, slots, { axis: 0 }); //                                   [T, D/2, 2]
  const tokens = o.embedding(ids, g.weight("tok_embeddings.weight", [V, C])); //            [B, T, C]
  let x = tap("embedded", o.add(o.mul(tokens, isToken), prefix));

  for (let i = 0; i < layers; i++) {
    const at: Place = {
      o,
      weight: (name, shape) => g.weight(`layers.${i}.${name}.weight`, shape),
      remember(name, fresh) {
        const state = g.state(`layers.${i}.${name}`, ["B", heads, "S", headSize]);
        g.append(state, fresh);
        return state;
      },
      tap: (name, value) => tap(`layer${i}${name}`, value),
    };
    const attended = attention(at, o.rmsNorm(x, at.weight("attention_norm", [C]), { epsilon }), heads, angles, bias);
    x = o.add(x, at.tap(".attention", attended));
    const normed = o.rmsNorm(x, at.weight("ffn_norm", [C]), { epsilon });
    const widened = swiglu(o, normed, C, hidden, (name, shape) => at.weight(`feed_forward.${name}`, shape));
    x = at.tap("", o.add(x, at.tap(".ffn", widened)));
  }

  const asked = o.gather(x, rows, { axis: 1 }); //                                           [B, R, C]
  const last = o.rmsNorm(asked, g.weight("norm.weight", [C]), { epsilon });
  const logits = o.linear(last, g.weight("output.weight", [V, C]), null); //               [B, R, V]
  return g.build({ logits, ...Object.fromEntries(taps.map((name) => [name, tapped(values, name)])) });
}

/** Where a block is built: its weights, its memory and the names of its values. */
interface Place {
  readonly o: Ops;
  readonly weight: Weight;
  /** The state of that name, behind which `fresh` [B, H, T, D] is kept after the pass. */
  remember(name: string, fresh: Value): Value;
  tap(name: string, value: Value): Value;
}

/** n [B, T, C], angles [T, D/2, 2], bias [1|B, 1, T, S+T] -> [B, T, C], over what the memory holds and the new rows. */
function attention(at: Place, n: Value, H: number, angles: Value, bias: Value): Value {
  const { o, weight, remember, tap } = at;
  const C = n.shape[2] as number;
  const D = C / H;
  const qkv = o.linear(n, weight("attention.wqkv", [3 * C, C]), null); //             [B, T, 3C]: q, k, v
  const part = (i: number) => {
    const own = o.slice(qkv, { axis: 2, start: i * C, end: (i + 1) * C }); //         [B, T, C]
    return o.transpose(o.reshape(own, { shape: [0, 0, H, D] }), { permutation: [0, 2, 1, 3] });
  };
  const q = o.rotary(part(0), angles); //                                             [B, H, T, D]
  const k = tap(".key", o.rotary(part(1), angles));
  const v = part(2);
  const seen = o.attention(q, k, v, remember("key", k), remember("value", v), bias, { scale: D ** -0.5 });
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
  return o.linear(merged, weight("attention.wo", [C, C]), null);
}

/** w2(silu(w1 x) · (w3 x)): x [B, T, C] -> [B, T, C] through `hidden`. */
export function swiglu(o: Ops, x: Value, C: number, hidden: number, weight: Weight): Value {
  const gate = o.silu(o.linear(x, weight("w1", [hidden, C]), null));
  return o.linear(o.mul(gate, o.linear(x, weight("w3", [hidden, C]), null)), weight("w2", [C, hidden]), null);
}

/** The intermediate value of that name, or an UnknownNameError that lists the names. */
export function tapped(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (!value) throw new UnknownNameError("tap", name, [...values.keys()]);
  return value;
}
