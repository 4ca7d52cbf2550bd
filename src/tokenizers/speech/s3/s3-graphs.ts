/**
 * The tokenizer of speech as mathematics: mel -> convolutions -> transformer -> codes. Generation 1 is Whisper's encoder (arXiv
 * 2212.04356 §2.2) with a codebook; 2 has rotations, a convolutional memory beside attention (FSMN, arXiv 1512.08301) and rounded
 * scalars (FSQ, arXiv 2309.15505). Weight names are those of S3Tokenizer's files.
 */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type Tap, untapped } from "../../tap.js";
import { weightedLayers } from "../../../engine/blocks/layers.js";
import type { S3Config, ScalarCodes, VectorCodes } from "./s3-config.js";

/** Where a batch holds audio, 1 there and 0 behind, at each of the three rates; and what is added to scores. */
export interface Lengths {
  readonly frames: Value; //   [B, 1, T]
  readonly between: Value; //  [B, 1, T']
  readonly tokens: Value; //   [B, 1, N]
  readonly bias: Value; //     [B, 1, N, N]
}

/** mel [B, mels, T] to hidden states [B, N, width]; `rotations` [N, D/2, 2] for scalar codes; `lengths` null if all audio is as long. */
export function s3Hidden(
  g: GraphBuilder,
  config: S3Config,
  mel: Value,
  rotations: Value | null,
  lengths: Lengths | null,
  tap: Tap = untapped,
): Value {
  const o = opsOf(g);
  const { conv, linear, norm, swapped, apart, together } = weightedLayers(g);
  const { width, heads, codes } = config;
  const scale = (width / heads) ** -0.5;
  const heard = (x: Value, mask: Value | undefined) => (mask ? o.mul(x, mask) : x);
  const gelu = (x: Value) => o.gelu(x, { approximation: "none" });
  const step = (i: 0 | 1, x: Value) => {
    return gelu(conv(`encoder.conv${i + 1}`, x, width, 3, { stride: config.strides[i], pads: [1, 1] }));
  };

  /** [a | b] -> [a cos - b sin | b cos + a sin], the halves of each head. */
  const turned = (x: Value): Value => {
    const half = width / heads / 2;
    const table = (i: number) => o.reshape(o.slice(rotations!, { axis: 2, start: i, end: i + 1 }), { shape: [0, -1] });
    const [cos, sin] = [table(0), table(1)];
    const [a, b] = [o.slice(x, { axis: 3, start: 0, end: half }), o.slice(x, { axis: 3, start: half, end: 2 * half })];
    return o.concat(o.sub(o.mul(a, cos), o.mul(b, sin)), o.add(o.mul(b, cos), o.mul(a, sin)), { axis: 3 });
  };

  const attention = (path: string, x: Value): Value => {
    const q = apart(linear(`${path}.query`, x, width), heads);
    const k = apart(linear(`${path}.key`, x, width, { bias: false }), heads);
    const value = linear(`${path}.value`, x, width);
    const [from, to] = codes.kind === "scalar" ? [turned(q), turned(k)] : [q, k];
    const seen = o.attention(from, to, apart(value, heads), null, null, lengths?.bias ?? null, { scale });
    const out = linear(`${path}.out`, together(seen), width);
    if (codes.kind === "vector") return out;
    const around = (codes.memory - 1) / 2;
    const u = heard(swapped(value), lengths?.tokens);
    const options = { groups: width, pads: [around, around], bias: false } as const;
    const memory = o.add(conv(`${path}.fsmn_block`, u, width, codes.memory, options), u);
    return o.add(out, swapped(heard(memory, lengths?.tokens)));
  };

  let x = swapped(step(1, heard(step(0, heard(mel, lengths?.frames)), lengths?.between)));
  if (codes.kind === "vector") {
    const table = g.weight("encoder.positional_embedding", [codes.positions, width]);
    x = o.add(x, o.cropTo(o.reshape(table, { shape: [1, codes.positions, width] }), x, { axis: 1 }));
  }
  for (let i = 0; i < config.layers; i++) {
    const path = `encoder.blocks.${i}`;
    // The second norm has 1e-5 in all generations.
    const h = o.add(x, attention(`${path}.attn`, norm(`${path}.attn_ln`, x, codes.kind === "vector" ? 1e-5 : 1e-6)));
    const inner = gelu(linear(`${path}.mlp.0`, norm(`${path}.mlp_ln`, h, 1e-5), 4 * width));
    x = tap(path, o.add(h, linear(`${path}.mlp.2`, inner, width)));
  }
  return x;
}

/** Hidden states [B, N, C] to ids [B, N]: the row of the codebook nearest to the direction of each. */
export function vectorIds(g: GraphBuilder, path: string, { codebook }: VectorCodes, hidden: Value): Value {
  const o = opsOf(g);
  const rows = g.weight(`${path}._codebook.embed`, [codebook, hidden.shape[2] as number]);
  const z = o.l2Normalize(hidden, { axis: -1, epsilon: 1e-12 });
  const squares = o.sum(o.mul(rows, rows), { axis: 1, keepDims: false });
  return o.argmin(o.sub(squares, o.affine(o.linear(z, rows, null), { scale: 2 })), { axis: -1 }); // |z|² is the same for all
}

/** Just below 1, so that no scalar rounds beyond -1, 0 and 1; this float32 is the reference's. */
const BOUND = 0.9990000128746033;

/** Hidden states [B, N, C] to scalars [B, N, scalars] in (-1, 1), to be rounded by `scalarIds`. */
export function boundedScalars(g: GraphBuilder, path: string, { scalars }: ScalarCodes, hidden: Value): Value {
  const o = opsOf(g);
  const down = `${path}._codebook.project_down`;
  const weights = [
    g.weight(`${down}.weight`, [scalars, hidden.shape[2] as number]),
    g.weight(`${down}.bias`, [scalars]),
  ] as const;
  return o.affine(o.tanh(o.linear(hidden, ...weights)), { scale: BOUND });
}
