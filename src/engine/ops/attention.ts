/** Attention over a cache that is never copied, and rotary positions. */
import type { Dim, Value } from "../graph.js";
import { type OnnxValue, type Op, op, type TfTensor } from "../op.js";
import { i32, type Tensor } from "../tensor.js";
import { expect, expectShape, plus, refuse, sameShape } from "./sizes.js";

type Four = readonly [number, number, number, number];

export interface AttentionAttributes {
  /** What the scores are multiplied by before the bias: usually D^-0.5. */
  readonly scale: number;
}

/** A bias at or below this hides; -Infinity is lifted to it, so that no row can turn into NaN. */
export const HIDDEN = -1e30;

/**
 * softmax(scale · q·[pastKey; key]ᵀ + bias) · [pastValue; value].
 *
 * q, key, value [B, H, T, D] are new; key and value may have another T than q. pastKey, pastValue [B, H, S, D] or null are
 * the cache, in front. bias [1|B, 1|H, T, S+T] or null is added to the scores. All S slots are seen: hide the unused ones
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
    expectShape("attention", "key", key, [B, H, key.shape[2]!, D]);
    expectShape("attention", "value", value, key.shape);
    if ((pastKey === null) !== (pastValue === null)) refuse("attention", "pastKey and pastValue come together");
    if (pastKey && pastValue) {
      expect("attention", "pastKey", pastKey, "f32", 4);
      expectShape("attention", "pastKey", pastKey, [B, H, pastKey.shape[2]!, D]);
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
  oracle: ([q, key, value, pastKey, pastValue, bias], { scale }) => {
    const [B, H, T, D] = q.shape as Four;
    const N = key.shape[2]!;
    const S = pastKey?.shape[2] ?? 0;
    const data = new Float32Array(q.data.length);
    const scores = new Float64Array(S + N);
    for (let head = 0; head < B * H; head++) {
      // Slot s of this head: in the cache if there is one that long, else among the new rows.
      const from = (past: Tensor | null, now: Tensor, s: number) =>
        s < S ? past!.data.subarray((head * S + s) * D) : now.data.subarray((head * N + s - S) * D);
      for (let t = 0; t < T; t++) {
        const row = head * T + t;
        let top = -Infinity;
        for (let s = 0; s < S + N; s++) {
          const k = from(pastKey, key, s);
          let dot = 0;
          for (let d = 0; d < D; d++) dot += q.data[row * D + d]! * k[d]!;
          scores[s] = dot * scale + biasAt(bias, H, head, t, s);
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
  onnx: (emit, [q, key, value, pastKey, pastValue, bias], { scale }) => {
    // ONNX Runtime folds the transposition and the scale into its product. Its MultiHeadAttention writes a joined copy of cache
    // and new rows (0.3 ms a layer for 4.7 MB), its GroupQueryAttention does so, too, unless the cache is an output as well,
    // and then its Node.js binding copies every output (measured: 2.4 ms a step for 9 MB, more than all of this).
    const scaled = emit.node("Mul", [q.name, emit.scalar(scale)]);
    const against = (keys: OnnxValue) =>
      emit.node("MatMul", [scaled, emit.node("Transpose", [keys.name], { perm: { ints: [0, 1, 3, 2] } })]);
    const now = against(key);
    const past = pastKey && against(pastKey);
    const scores = past ? emit.node("Concat", [past, now], { axis: { int: -1 } }) : now;
    const seen = bias ? emit.node("Add", [scores, emit.node("Max", [bias.name, emit.scalar(HIDDEN)])]) : scores;
    const weights = emit.node("Softmax", [seen], { axis: { int: -1 } });
    if (!pastValue) return emit.node("MatMul", [weights, value.name]);
    const S = emit.size(pastValue, 2);
    const span = (from: string, to: string) => emit.node("Slice", [weights, from, to, emit.int64([3])]);
    const END = emit.int64([2 ** 31 - 1]);
    const ofPast = emit.node("MatMul", [span(emit.int64([0]), S), pastValue.name]);
    return emit.node("Add", [ofPast, emit.node("MatMul", [span(S, END), value.name])]);
  },
  tfjs: (tf, [q, key, value, pastKey, pastValue, bias], { scale }) => {
    const scaled = tf.mul(q, scale);
    const now = tf.matMul(scaled, key, false, true);
    const scores = pastKey ? tf.concat([tf.matMul(scaled, pastKey, false, true), now], 3) : now;
    const weights = tf.softmax(bias ? tf.add(scores, tf.maximum(bias, HIDDEN)) : scores);
    if (!pastValue) return tf.matMul(weights, value);
    const [B, H, T] = q.shape as unknown as Four;
    const S = pastValue.shape[2]!;
    const ofPast = tf.matMul(tf.slice(weights, [0, 0, 0, 0], [B, H, T, S]), pastValue);
    return tf.add(ofPast, tf.matMul(tf.slice(weights, [0, 0, 0, S], [B, H, T, value.shape[2]!]), value));
  },
});

export interface OpenAttentionAttributes {
  readonly heads: number;
  /** What the scores are multiplied by: usually (C / heads)^-0.5. */
  readonly scale: number;
}

/**
 * Attention where every row sees all: softmax(scale · q·keyᵀ) · value for each of `heads` heads, which lie side by side in the C
 * channels. q [B, T, C], key and value [B, N, C] -> [B, T, C]. Without a mask the scores never need to exist as a whole.
 */
export const openAttention: Op<readonly [q: Value, key: Value, value: Value], OpenAttentionAttributes> = op({
  name: "openAttention",
  inputs: ["q", "key", "value"],
  shape: ([q, key, value], { heads }) => {
    expect("openAttention", "q", q, "f32", 3);
    expect("openAttention", "key", key, "f32", 3);
    const [B, , C] = q.shape as [Dim, Dim, Dim];
    if (typeof C !== "number" || C % heads !== 0) refuse("openAttention", `${C} channels are not ${heads} heads`);
    expectShape("openAttention", "key", key, [B, key.shape[1]!, C]);
    expectShape("openAttention", "value", value, key.shape);
    return { shape: q.shape, dtype: "f32" };
  },
  oracle: ([q, key, value], { heads: H, scale }) => {
    const [B, T, C] = q.shape as [number, number, number];
    const N = key.shape[1]!;
    const D = C / H;
    const data = new Float32Array(q.data.length);
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
          for (let d = 0; d < D; d++)
            data[row + d] = powers.reduce((sum, power, n) => sum + power * value.data[at(n, d)]!, 0) / total;
        }
      }
    }
    return { shape: q.shape, data };
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
    return emit.node("Reshape", [merged, emit.int64([0, -1, q.shape[2] as number])]);
  },
  tfjs: (tf, [q, key, value], { heads, scale }) => {
    const [B, , C] = q.shape as [number, number, number];
    const split = (x: TfTensor) => tf.transpose(tf.reshape(x, [B, -1, heads, C / heads]), [0, 2, 1, 3]);
    const scores = tf.matMul(tf.mul(split(q), scale), split(key), false, true);
    const seen = tf.matMul(tf.softmax(scores), split(value));
    return tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [B, -1, C]);
  },
});

function biasAt(bias: Tensor | null, H: number, head: number, t: number, s: number): number {
  if (!bias) return 0;
  const [b, h, T, N] = bias.shape as Four;
  const item = b === 1 ? 0 : Math.floor(head / H);
  const own = h === 1 ? 0 : head % H;
  return Math.max(bias.data[((item * h + own) * T + t) * N + s]!, HIDDEN);
}

/**
 * Turns each pair of neighbours (a, b) of x [B, H, T, D] to (a cos - b sin, b cos + a sin), with (cos, sin) from
 * table [T, D/2, 2] or [B, T, D/2, 2]. RoFormer, arXiv 2104.09864 §3.4.2, in the layout of LLaMA's complex numbers.
 */
export const rotary: Op<readonly [x: Value, table: Value], Readonly<Record<never, never>>> = op({
  name: "rotary",
  inputs: ["x", "table"],
  shape: ([x, table]) => {
    expect("rotary", "x", x, "f32", 4);
    const [B, , T, D] = x.shape as [Dim, Dim, Dim, Dim];
    if (typeof D !== "number" || D % 2 !== 0) refuse("rotary", `the head size should be even but is ${D}`);
    const shared: Dim[] = [T, (D as number) / 2, 2];
    expectShape("rotary", "table", table, table.shape.length === 4 ? [B, ...shared] : shared);
    return { shape: x.shape, dtype: "f32" };
  },
  oracle: ([x, table]) => {
    const [, H, T, D] = x.shape as Four;
    const data = new Float32Array(x.data.length);
    const shared = table.shape.length === 3;
    for (let i = 0; i < data.length; i += 2) {
      const row = Math.floor(i / D); // (b · H + h) · T + t
      const angles = shared ? row % T : Math.floor(row / (H * T)) * T + (row % T);
      const at = angles * D + (i % D); // D/2 pairs of 2 numbers
      const [cos, sin, a, b] = [table.data[at]!, table.data[at + 1]!, x.data[i]!, x.data[i + 1]!];
      data[i] = a * cos - b * sin;
      data[i + 1] = b * cos + a * sin;
    }
    return { shape: x.shape, data };
  },
  // x · (c0 c0 c1 c1 …) + x with neighbours swapped · (-s0 s0 -s1 s1 …); equal tables are prepared once for all layers.
  onnx: (emit, [x, table]) => {
    const D = x.shape[3] as number;
    if (emit.operators === "onnxruntime" && table.shape.length === 3) {
      const column = (i: number) =>
        emit.node("Gather", [table.name, emit.constant(i32([], [i]))], { axis: { int: 2 } });
      const inputs = [x.name, emit.int64([0]), column(0), column(1)]; // row 0 of the table is for the first place
      return emit.node("RotaryEmbedding", inputs, { interleaved: { int: 1 } }, "com.microsoft");
    }
    const flat = emit.node("Reshape", [table.name, emit.int64(table.shape.length === 4 ? [0, 1, -1, D] : [-1, D])]);
    const pick = (from: (d: number) => number) =>
      emit.node("Gather", [flat, emit.int64(Array.from({ length: D }, (_, d) => from(d)))], { axis: { int: -1 } });
    const cos = pick((d) => d - (d % 2));
    const sin = emit.node("Mul", [pick((d) => d - (d % 2) + 1), emit.constant(signs(D))]);
    // A permutation matrix swaps exactly, and faster than gathering single numbers.
    const swapped = emit.node("MatMul", [x.name, emit.constant(swapMatrix(D))]);
    return emit.node("Add", [emit.node("Mul", [x.name, cos]), emit.node("Mul", [swapped, sin])]);
  },
  tfjs: (tf, [x, table]) => {
    const [B, , T, D] = x.shape as unknown as Four;
    const flat = tf.reshape(table, table.rank === 4 ? [B, 1, T, D] : [T, D]);
    const indices = (from: (d: number) => number) =>
      tf.tensor1d(
        Int32Array.from({ length: D }, (_, d) => from(d)),
        "int32",
      );
    const pick = (from: (d: number) => number) => tf.gather(flat, indices(from), flat.rank - 1);
    const cos = pick((d) => d - (d % 2));
    const sin = tf.mul(
      pick((d) => d - (d % 2) + 1),
      tf.tensor1d(signs(D).data as Float32Array),
    );
    const swapped = tf.gather(
      x,
      indices((d) => d + 1 - 2 * (d % 2)),
      3,
    );
    return tf.add(tf.mul(x, cos), tf.mul(swapped, sin));
  },
});

const signs = (D: number): Tensor => ({
  shape: [D],
  data: Float32Array.from({ length: D }, (_, d) => (d % 2 ? 1 : -1)),
});

/** x · this puts x[d + 1] on even places d and x[d - 1] on odd ones. */
function swapMatrix(D: number): Tensor {
  const data = new Float32Array(D * D);
  for (let d = 0; d < D; d++) data[(d + 1 - 2 * (d % 2)) * D + d] = 1;
  return { shape: [D, D], data };
}
