/** Attention over a cache that is never copied, and attention where every row sees all. */
import type { Dim, Value } from "../graph.js";
import { type OnnxEmitter, type OnnxValue, type Op, op, type TfTensor } from "../op.js";
import type { Tensor } from "../tensor.js";
import { expect, expectShape, plus, refuse, sameShape } from "./sizes.js";

type Four = readonly [number, number, number, number];

export interface AttentionAttributes {
  /** What the scores are multiplied by before the bias: usually D^-0.5. */
  readonly scale: number;
  /** Bounds the scores smoothly before the bias, c · tanh(score / c), for Gemma 2 (arXiv 2408.00118 §2); none if left out. */
  readonly softCap?: number;
}

/** A bias at or below this hides; -Infinity is lifted to it, so that no row can turn into NaN. */
export const HIDDEN = -1e30;

/**
 * softmax(scale · q·[pastKey; key]ᵀ + bias) · [pastValue; value].
 *
 * q [B, H, T, D], key and value [B, K, N, D] are new. K divides H: query head h reads key head h / (H / K), rounded down
 * (grouped-query attention, arXiv 2305.13245). pastKey, pastValue [B, K, S, D] or null are the cache, in front. bias [1|B, 1|H, T, S+N] or null is added to the scores. All S slots are seen: hide the unused ones
 * by a bias of HIDDEN or less. A row that hides everything gives the plain mean of all values, which callers ignore.
 */
export const attention: Op<
  readonly [q: Value, key: Value, value: Value, pastKey: Value | null, pastValue: Value | null, bias: Value | null],
  AttentionAttributes
> = op({
  name: "attention",
  inputs: ["q", "key", "value", "pastKey?", "pastValue?", "bias?"],
  shape: ([q, key, value, pastKey, pastValue, bias]) => {
    expect("attention", "q", q, "f32", 4);
    expect("attention", "key", key, "f32", 4);
    const [B, H, T, D] = q.shape as [Dim, Dim, Dim, Dim];
    const K = key.shape[1]!;
    if (K !== H && !(typeof H === "number" && typeof K === "number" && H % K === 0))
      refuse("attention", `${H} query heads do not share ${K} key heads evenly`);
    expectShape("attention", "key", key, [B, K, key.shape[2]!, D]);
    expectShape("attention", "value", value, key.shape);
    if ((pastKey === null) !== (pastValue === null)) refuse("attention", "pastKey and pastValue come together");
    if (pastKey && pastValue) {
      expect("attention", "pastKey", pastKey, "f32", 4);
      expectShape("attention", "pastKey", pastKey, [B, K, pastKey.shape[2]!, D]);
      expectShape("attention", "pastValue", pastValue, pastKey.shape);
    }
    if (bias) {
      expect("attention", "bias", bias, "f32", 4);
      const seen = plus(pastKey ? pastKey.shape[2]! : 0, key.shape[2]!);
      const fits = (size: Dim, full: Dim) => size === 1 || size === full;
      const [b, h] = bias.shape as [Dim, Dim];
      if (!fits(b, B) || !fits(h, H) || !sameShape(bias.shape.slice(2), [T, seen]))
        refuse("attention", `bias [${bias.shape}] should be [1|${B}, 1|${H}, ${T}, ${seen}]`);
    }
    return { shape: q.shape, dtype: "f32" };
  },
  oracle: ([q, key, value, pastKey, pastValue, bias], { scale, softCap }) => {
    const [B, H, T, D] = q.shape as Four;
    const [, K, N] = key.shape as Four;
    const S = pastKey?.shape[2] ?? 0;
    const data = new Float32Array(q.data.length);
    const scores = new Float64Array(S + N);
    for (let head = 0; head < B * H; head++) {
      const shared = Math.floor((head * K) / H); // key head of item and query head
      // Slot s of this head: in the cache if there is one that long, else among the new rows.
      const from = (past: Tensor | null, now: Tensor, s: number) =>
        s < S ? past!.data.subarray((shared * S + s) * D) : now.data.subarray((shared * N + s - S) * D);
      for (let t = 0; t < T; t++) {
        const row = head * T + t;
        let top = -Infinity;
        for (let s = 0; s < S + N; s++) {
          const k = from(pastKey, key, s);
          let dot = 0;
          for (let d = 0; d < D; d++) dot += q.data[row * D + d]! * k[d]!;
          const score = dot * scale;
          scores[s] = (softCap ? softCap * Math.tanh(score / softCap) : score) + biasAt(bias, H, head, t, s);
          top = Math.max(top, scores[s]!);
        }
        let total = 0;
        for (let s = 0; s < S + N; s++) total += scores[s] = Math.exp(scores[s]! - top);
        for (let d = 0; d < D; d++) {
          let sum = 0;
          for (let s = 0; s < S + N; s++) sum += scores[s]! * from(pastValue, value, s)[d]!;
          data[row * D + d] = sum / total;
        }
      }
    }
    return { shape: q.shape, data };
  },
  onnx: (emit, [q, key, value, pastKey, pastValue, bias], { scale, softCap }) => {
    // ONNX Runtime folds the transposition and the scale into its product. Its MultiHeadAttention writes a joined copy of cache
    // and new rows (0.3 ms per layer for 4.7 MB), its GroupQueryAttention does so, too, unless the cache is an output as well,
    // and then its Node.js binding copies every output (measured: 2.4 ms per step for 9 MB, more than all of this).
    const [, H, , D] = q.shape as Four;
    const K = key.shape[1] as number;
    // Query heads that share a key head stand as rows of one product, so that keys and values are read once.
    const grouped = (x: string, last: number) =>
      K === H ? x : emit.node("Reshape", [x, emit.int64([0, K, -1, last])]);
    const apart = (x: string, last: number) => (K === H ? x : emit.node("Reshape", [x, emit.int64([0, H, -1, last])]));
    const scaled = emit.node("Mul", [grouped(q.name, D), emit.scalar(scale)]);
    const against = (keys: OnnxValue) =>
      emit.node("MatMul", [scaled, emit.node("Transpose", [keys.name], { perm: { ints: [0, 1, 3, 2] } })]);
    const now = against(key);
    const past = pastKey && against(pastKey);
    const scores = apart(past ? emit.node("Concat", [past, now], { axis: { int: -1 } }) : now, 0);
    const bounded = softCap ? capped(emit, scores, softCap) : scores;
    const seen = bias ? emit.node("Add", [bounded, emit.node("Max", [bias.name, emit.scalar(HIDDEN)])]) : bounded;
    const weights = grouped(emit.node("Softmax", [seen], { axis: { int: -1 } }), 0);
    if (!pastValue) return apart(emit.node("MatMul", [weights, value.name]), D);
    const S = emit.size(pastValue, 2);
    const span = (from: string, to: string) => emit.node("Slice", [weights, from, to, emit.int64([3])]);
    const END = emit.int64([2 ** 31 - 1]);
    const ofPast = emit.node("MatMul", [span(emit.int64([0]), S), pastValue.name]);
    return apart(emit.node("Add", [ofPast, emit.node("MatMul", [span(S, END), value.name])]), D);
  },
  tfjs: (tf, [q, key, value, pastKey, pastValue, bias], { scale, softCap }) => {
    const [B, H, T, D] = q.shape as unknown as Four;
    const [, K, N] = key.shape as unknown as Four;
    const grouped = (x: TfTensor) => tf.reshape(x, [B, K, (H / K) * T, x.shape[3]!]);
    const apart = (x: TfTensor) => tf.reshape(x, [B, H, T, x.shape[3]!]);
    const scaled = grouped(tf.mul(q, scale));
    const now = tf.matMul(scaled, key, false, true);
    const scores = apart(pastKey ? tf.concat([tf.matMul(scaled, pastKey, false, true), now], 3) : now);
    const bounded = softCap ? tf.mul(tf.tanh(tf.div(scores, softCap)), softCap) : scores;
    const weights = grouped(tf.softmax(bias ? tf.add(bounded, tf.maximum(bias, HIDDEN)) : bounded));
    if (!pastValue) return tf.reshape(tf.matMul(weights, value), [B, H, T, D]);
    const S = pastValue.shape[2]!;
    const part = (start: number, size: number) => tf.slice(weights, [0, 0, 0, start], [B, K, (H / K) * T, size]);
    const ofPast = tf.matMul(part(0, S), pastValue);
    return tf.reshape(tf.add(ofPast, tf.matMul(part(S, N), value)), [B, H, T, D]);
  },
});

const capped = (emit: OnnxEmitter, x: string, cap: number) =>
  emit.node("Mul", [emit.node("Tanh", [emit.node("Div", [x, emit.scalar(cap)])]), emit.scalar(cap)]);

export interface OpenAttentionAttributes {
  readonly heads: number;
  /** What the scores are multiplied by: usually (C / heads)^-0.5. */
  readonly scale: number;
}

/**
 * Attention where every row sees all: softmax(scale · q·keyᵀ) · value for each of `heads` heads, which lie side by side in the C
 * channels. q [B, T, C], key [B, N, C], value [B, N, V] -> [B, T, V]. Without a mask the scores never need to exist as a whole.
 */
export const openAttention: Op<readonly [q: Value, key: Value, value: Value], OpenAttentionAttributes> = op({
  name: "openAttention",
  inputs: ["q", "key", "value"],
  shape: ([q, key, value], { heads }) => {
    expect("openAttention", "q", q, "f32", 3);
    expect("openAttention", "key", key, "f32", 3);
    const [B, , C] = q.shape as [Dim, Dim, Dim];
    const V = value.shape[2]!;
    for (const size of [C, V])
      if (typeof size !== "number" || size % heads !== 0)
        refuse("openAttention", `${size} channels are not ${heads} heads`);
    expectShape("openAttention", "key", key, [B, key.shape[1]!, C]);
    expectShape("openAttention", "value", value, [B, key.shape[1]!, V]);
    return { shape: [B, q.shape[1]!, V], dtype: "f32" };
  },
  oracle: ([q, key, value], { heads: H, scale }) => {
    const [B, T, C] = q.shape as [number, number, number];
    const [, N, V] = value.shape as [number, number, number];
    const D = C / H;
    const E = V / H;
    const data = new Float32Array(B * T * V);
    for (let b = 0; b < B; b++) {
      for (let h = 0; h < H; h++) {
        for (let t = 0; t < T; t++) {
          const row = (b * T + t) * C + h * D;
          const at = (n: number, d: number) => (b * N + n) * C + h * D + d;
          const scores = Float64Array.from({ length: N }, (_, n) => {
            let dot = 0;
            for (let d = 0; d < D; d++) dot += q.data[row + d]! * key.data[at(n, d)]!;
            return dot * scale;
          });
          const top = scores.reduce((a, b) => Math.max(a, b), -Infinity);
          const powers = scores.map((score) => Math.exp(score - top));
          const total = powers.reduce((a, b) => a + b, 0);
          for (let e = 0; e < E; e++) {
            const of = (n: number) => value.data[(b * N + n) * V + h * E + e]!;
            data[(b * T + t) * V + h * E + e] = powers.reduce((sum, power, n) => sum + power * of(n), 0) / total;
          }
        }
      }
    }
    return { shape: [B, T, V], data };
  },
  onnx: (emit, [q, key, value], { heads, scale }) => {
    // This kernel works on tiles that fit in the cache, as long as it is given neither a mask nor its own cache.
    if (emit.operators === "onnxruntime") {
      const inputs = [q.name, key.name, value.name];
      return emit.node(
        "MultiHeadAttention",
        inputs,
        { num_heads: { int: heads }, scale: { float: scale } },
        "com.microsoft",
      );
    }
    const split = (x: OnnxValue, perm: readonly number[]) => {
      const apart = emit.node("Reshape", [x.name, emit.int64([0, -1, heads, (x.shape[2] as number) / heads])]);
      return emit.node("Transpose", [apart], { perm: { ints: perm } });
    };
    const scaled = emit.node("Mul", [split(q, [0, 2, 1, 3]), emit.scalar(scale)]);
    const scores = emit.node("MatMul", [scaled, split(key, [0, 2, 3, 1])]);
    const seen = emit.node("MatMul", [
      emit.node("Softmax", [scores], { axis: { int: -1 } }),
      split(value, [0, 2, 1, 3]),
    ]);
    const merged = emit.node("Transpose", [seen], { perm: { ints: [0, 2, 1, 3] } });
    return emit.node("Reshape", [merged, emit.int64([0, -1, value.shape[2] as number])]);
  },
  tfjs: (tf, [q, key, value], { heads, scale }) => {
    const B = q.shape[0]!;
    const split = (x: TfTensor) => tf.transpose(tf.reshape(x, [B, -1, heads, x.shape[2]! / heads]), [0, 2, 1, 3]);
    const scores = tf.matMul(tf.mul(split(q), scale), split(key), false, true);
    const seen = tf.matMul(tf.softmax(scores), split(value));
    return tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [B, -1, value.shape[2]!]);
  },
});

function biasAt(bias: Tensor | null, H: number, head: number, t: number, s: number): number {
  if (!bias) return 0;
  const [b, h, T, N] = bias.shape as Four;
  const item = b === 1 ? 0 : Math.floor(head / H);
  const own = h === 1 ? 0 : head % H;
  return Math.max(bias.data[((item * h + own) * T + t) * N + s]!, HIDDEN);
}
