/**
 * The decoder-only transformer, all of it: embed, blocks, head. Reference: LlamaGen (arXiv 2406.06525 §2.2), which is LLaMA
 * (RMSNorm before each branch, SwiGLU, no biases) with rotary positions on a grid. Names and layouts of the weights are those
 * of its files; wqkv stays one matrix. NAR (arXiv 2503.10696 §3.2) adds heads, each of them one block higher than the last,
 * and for video learned positions instead of rotation.
 *
 * One graph serves every pass: a pass over the condition feeds vectors (`prefix`), a pass over tokens feeds ids, and a pass
 * may hold both. So the weights are loaded once, and a step is a single run.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { swiglu, tapped } from "../blocks.js";
import { rotaryTable2d } from "../rotary.js";
import { derive, type TransformerConfig } from "./config.js";
import { blocksOf, HEADS, type Head } from "./prediction.js";

type Weight = (name: string, shape: readonly number[]) => Value;

/**
 * The graph of a pass. Inputs:
 *
 *   ids      [B, T]            what is fed; any id where the prefix stands
 *   isToken  [T, 1]            1 where a token is fed, 0 where the prefix stands
 *   prefix   [B, T, C]         vectors of the condition, zeros where a token is fed
 *   places   [T]               place of each (see prediction.ts), which decides its rotation or its learned vector
 *   bias     [1|B, 1, T, S+T]  see masks.ts; B where prompts are padded (features), else 1
 *   rows     [R]               which of the T are asked for logits; with several heads, for each one `rows.<name>` [R] and
 *                              `share.<name>` [R, 1], its weight in a row of logits: 0 where it has no say
 *
 * Output `logits` [B, R, V]. `taps` names intermediate values to give out, too: "embedded", "layer0" (output of a block),
 * "layer0.attention" and "layer0.ffn" (its branches before the residual sum), "layer0.key" (rotated, [B, H, T, D]).
 */
export function decoderGraph(config: TransformerConfig, taps: readonly string[] = []): Graph {
  const { layers, heads, width: C, hidden, vocabulary: V, normEpsilon: epsilon } = config;
  const { headSize } = derive(config);
  const outputs: readonly Head[] = HEADS[config.prediction.kind];
  const g = new GraphBuilder("decoder");
  const o = opsOf(g);
  const values = new Map<string, Value>();
  const tap = (name: string, value: Value): Value => {
    values.set(name, value);
    return value;
  };

  const product = config.prediction.kind === "next-token" ? o.linear : o.bulkLinear; // by how many rows a pass has
  const ids = g.input("ids", ["B", "T"], "i32");
  const isToken = g.input("isToken", ["T", 1]);
  const prefix = g.input("prefix", ["B", "T", C]);
  const places = g.input("places", ["T"], "i32");
  const bias = g.input("bias", [config.condition.kind === "features" ? "B" : 1, 1, "T", "S+T"]);

  const tokens = o.embedding(ids, g.weight("tok_embeddings.weight", [V, C])); //            [B, T, C]
  const given = o.add(o.mul(tokens, isToken), prefix);
  const { angles, vectors } = positions(g, o, config, places);
  let x = tap("embedded", vectors ? o.add(given, vectors) : given);
  const logits: Value[] = []; // of each head                                               [B, R, V]

  for (let i = 0; i < blocksOf(config); i++) {
    const at: Block = {
      o,
      product,
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
    const ffnWeight = (name: string, shape: readonly number[]) => at.weight(`feed_forward.${name}`, shape);
    const widened = swiglu({ o, product, weight: ffnWeight }, normed, C, hidden);
    x = at.tap("", o.add(x, at.tap(".ffn", widened)));
    const head = outputs[i + 1 - layers];
    if (!head) continue;
    const of = outputs.length === 1 ? "" : `.${head.name}`;
    const asked = o.gather(x, g.input(`rows${of}`, ["R"], "i32"), { axis: 1 }); //          [B, R, C]
    const last = o.rmsNorm(asked, g.weight(`${head.norm}.weight`, [C]), { epsilon });
    const counted = of ? o.mul(last, g.input(`share${of}`, ["R", 1])) : last;
    logits.push(product(counted, g.weight(`${head.output}.weight`, [V, C]), null));
  }

  const mean = logits.reduce((sum, own) => o.add(sum, own));
  return g.build({ logits: mean, ...Object.fromEntries(taps.map((name) => [name, tapped(values, name)])) });
}

/** How places act: as angles [T, D/2, 2] by which queries and keys turn, or as vectors [1, T, C] added to what is fed. */
function positions(
  g: GraphBuilder,
  o: Ops,
  config: TransformerConfig,
  places: Value,
): { readonly angles: Value | null; readonly vectors: Value | null } {
  const { headSize, conditionSlots, specialSlots, slots: S } = derive(config);
  if (config.positionEncoding === "learned") {
    const table = g.weight("abs_pe", [1, S, config.width]);
    return { angles: null, vectors: o.gather(table, places, { axis: 1 }) };
  }
  const { ropeBase: base, conditionRotation: condition } = config;
  const shape = { headSize, base, conditionSlots: conditionSlots + specialSlots, condition };
  return { angles: o.gather(g.constant(rotaryTable2d(shape, config.grid)), places, { axis: 0 }), vectors: null };
}

/** Where a block is built: its weights, its memory and the names of its values. */
interface Block {
  readonly o: Ops;
  /** Of rows and a matrix of weights. */
  readonly product: Ops["linear"];
  readonly weight: Weight;
  /** The state of that name, after which `fresh` [B, H, T, D] is kept after the pass. */
  remember(name: string, fresh: Value): Value;
  tap(name: string, value: Value): Value;
}

/** n [B, T, C], angles [T, D/2, 2], bias [1|B, 1, T, S+T] -> [B, T, C], over what the memory holds and the new rows. */
function attention(at: Block, n: Value, H: number, angles: Value | null, bias: Value): Value {
  const { o, product, weight, remember, tap } = at;
  const C = n.shape[2] as number;
  const D = C / H;
  const qkv = product(n, weight("attention.wqkv", [3 * C, C]), null); //             [B, T, 3C]: q, k, v
  const split = o.reshape(qkv, { shape: [0, 0, 3 * H, D] });
  const heads = o.transpose(split, { permutation: [0, 2, 1, 3] }); //                 [B, 3H, T, D]
  const part = (i: number) => o.slice(heads, { axis: 1, start: i * H, end: (i + 1) * H });
  const turned = (x: Value) => (angles ? o.rotary(x, angles) : x);
  const q = turned(part(0)); //                                                       [B, H, T, D]
  const k = tap(".key", turned(part(1)));
  const v = part(2);
  const seen = o.attention(q, k, v, remember("key", k), remember("value", v), bias, { scale: D ** -0.5 });
  const merged = o.reshape(o.transpose(seen, { permutation: [0, 2, 1, 3] }), { shape: [0, 0, C] });
  return product(merged, weight("attention.wo", [C, C]), null);
}
