/**
 * The next-scale transformer: embed, blocks, head. Reference: VAR (arXiv 2404.02905 §3.3), a GPT-2 block with AdaLN, queries and
 * keys of unit length with a learned temperature a head, and learned positions and levels. Names and layouts of the weights are
 * those of var_d*.pth. What depends on the condition alone is computed by condition.ts, once a generation.
 */
import { type Graph, GraphBuilder, type Value } from "../../engine/graph.js";
import { type Ops, opsOf } from "../../engine/ops/index.js";
import { i32, tensor } from "../../engine/tensor.js";
import { deriveScales, type ScaleConfig } from "./config.js";
import { MODULATIONS } from "./condition.js";
import { tapped } from "../blocks.js";

/**
 * The graph of a pass over one scale, which sees itself and all scales before it, so that nothing needs a mask. Inputs:
 *
 *   codes       [B, T, D]          what a cell is fed: the canvas shrunk to the cell's scale, zeros where the start stands
 *   isCode      [T, 1]             0 where the start stands, else 1
 *   start       [B, T, C]          vectors of the condition, zeros where a code is fed
 *   slots       [T]                place of each in the sequence, which decides its position and level
 *   modulation  [B, 6·layers, C]   see scaleConditionGraph
 *   head        [B, 2, C]          "
 *   rows        [R]                which of the T are asked for logits
 *
 * Output `logits` [B, R, V]. `taps` names intermediate values to give out, too: "embedded", "layer0" (output of a block),
 * "layer0.attention" and "layer0.ffn" (its branches before the gain), "normed" (what the head sees).
 */
export function scaleDecoderGraph(config: ScaleConfig, taps: readonly string[] = []): Graph {
  const { layers, width: C, codeDim: D, vocabulary: V, normEpsilon: epsilon } = config;
  const g = new GraphBuilder("scale-decoder");
  const o = opsOf(g);
  const values = new Map<string, Value>();
  const tap = (name: string, value: Value): Value => {
    values.set(name, value);
    return value;
  };

  const codes = g.input("codes", ["B", "T", D]);
  const isCode = g.input("isCode", ["T", 1]);
  const start = g.input("start", ["B", "T", C]);
  const slots = g.input("slots", ["T"], "i32");
  const modulation = g.input("modulation", ["B", 6 * layers, C]);
  const head = g.input("head", ["B", 2, C]);
  const rows = g.input("rows", ["R"], "i32");

  const embedded = o.linear(codes, g.weight("word_embed.weight", [C, D]), g.weight("word_embed.bias", [C]));
  const place = o.gather(placeTable(g, o, config), slots, { axis: 0 }); //                     [T, C]
  let x = tap("embedded", o.add(o.add(o.mul(embedded, isCode), start), place)); //             [B, T, C]

  /** LN(x)·(1 + scale) + shift, with rows of a modulation [B, n, C]; not as weights of the norm, whose kernel is then slower. */
  const adaptive = (of: Value, scale: Value, shift: Value) =>
    o.add(o.mul(o.layerNorm(of, null, null, { epsilon }), o.affine(scale, { offset: 1 })), shift);
  const row = (of: Value, i: number) => o.slice(of, { axis: 1, start: i, end: i + 1 }); //     [B, 1, C]

  for (let i = 0; i < layers; i++) {
    const [gain1, gain2, scale1, scale2, shift1, shift2] = MODULATIONS.map((_, j) => row(modulation, 6 * i + j)) as Six;
    const attended = tap(`layer${i}.attention`, attention(g, o, config, i, adaptive(x, scale1, shift1)));
    x = o.add(x, o.mul(attended, gain1));
    const fed = tap(`layer${i}.ffn`, feedForward(g, o, config, i, adaptive(x, scale2, shift2)));
    x = tap(`layer${i}`, o.add(x, o.mul(fed, gain2)));
  }

  const asked = o.gather(x, rows, { axis: 1 }); //                                             [B, R, C]
  const normed = tap("normed", adaptive(asked, row(head, 0), row(head, 1)));
  const logits = o.bulkLinear(normed, g.weight("head.weight", [V, C]), g.weight("head.bias", [V]));
  return g.build({ logits, ...Object.fromEntries(taps.map((name) => [name, tapped(values, name)])) });
}

type Six = [Value, Value, Value, Value, Value, Value];

/** What is added for the place in the sequence [slots, C]: position and level; nothing to a caption, which has positions already. */
function placeTable(g: GraphBuilder, o: Ops, config: ScaleConfig): Value {
  const { sides, width: C } = config;
  const { positions, lead } = deriveScales(config);
  const levels = i32(
    [positions],
    sides.flatMap((side, level) => Array<number>(side ** 2).fill(level)),
  );
  const levelTable = g.weight("lvl_embed.weight", [sides.length, C]);
  const table = o.add(
    o.reshape(g.weight("pos_1LC", [1, positions, C]), { shape: [positions, C] }),
    o.embedding(g.constant(levels), levelTable),
  );
  return lead === 0 ? table : o.concat(g.constant(tensor([lead, C], new Float32Array(lead * C))), table, { axis: 0 });
}

/** n [B, T, C] -> [B, T, C], over what the memory holds and the new rows. */
function attention(g: GraphBuilder, o: Ops, config: ScaleConfig, layer: number, n: Value): Value {
  const { heads: H, width: C } = config;
  const { headSize: D } = deriveScales(config);
  const weight = (name: string, shape: readonly number[]) => g.weight(`blocks.${layer}.attn.${name}`, shape);
  /** All rows so far, [B, S+T, C]; their heads stay side by side, so that new ones are simply put after. */
  const remembered = (name: string, rows: Value) => {
    const state = g.state(`blocks.${layer}.${name}`, ["B", 1, "S", C], "filled");
    const fresh = o.reshape(rows, { shape: [0, 1, -1, C] });
    g.append(state, fresh);
    return o.reshape(o.concat(state, fresh, { axis: 2 }), { shape: [0, -1, C] });
  };
  const noBias = g.constant(tensor([C], new Float32Array(C))); // keys have none
  const biases = o.concat(weight("q_bias", [C]), noBias, weight("v_bias", [C]), { axis: 0 });
  const qkv = o.bulkLinear(n, weight("mat_qkv.weight", [3 * C, C]), biases); //          [B, T, 3C]: q, k, v
  const columns = (of: Value, from: number, to: number) => o.slice(of, { axis: 2, start: from * C, end: to * C });
  // Stored as a logarithm, and held to 100 at most.
  const temperature = o.exp(o.clamp(weight("scale_mul_1H11", [1, H, 1, 1]), { max: Math.log(100) }));
  const ones = g.constant(tensor([1, 1, H, 1], new Float32Array(H).fill(1))); // keys have none
  const factors = o.concat(o.reshape(temperature, { shape: [1, 1, H, 1] }), ones, { axis: 2 });
  // Queries and keys together: each node costs a pass, however little it does.
  const heads = o.reshape(columns(qkv, 0, 2), { shape: [0, 0, 2 * H, D] });
  const scaled = o.mul(o.l2Normalize(heads, { axis: -1, epsilon: 1e-12 }), factors);
  const qk = o.reshape(scaled, { shape: [0, 0, 2 * C] });
  const [q, k, v] = [columns(qk, 0, 1), columns(qk, 1, 2), columns(qkv, 2, 3)];
  const seen = o.openAttention(q, remembered("key", k), remembered("value", v), { heads: H, scale: 1 });
  return o.bulkLinear(seen, weight("proj.weight", [C, C]), weight("proj.bias", [C]));
}

/** fc2(gelu(fc1 x)), gelu in its tanh approximation: x [B, T, C] -> [B, T, C]. */
function feedForward(g: GraphBuilder, o: Ops, config: ScaleConfig, layer: number, x: Value): Value {
  const { width: C, hidden } = config;
  const weight = (name: string, shape: readonly number[]) => g.weight(`blocks.${layer}.ffn.${name}`, shape);
  const widened = o.bulkLinear(x, weight("fc1.weight", [hidden, C]), weight("fc1.bias", [hidden]));
  const bent = o.gelu(widened, { approximation: "tanh" });
  return o.bulkLinear(bent, weight("fc2.weight", [C, hidden]), weight("fc2.bias", [C]));
}
