/** Rotary positions: pairs of elements turned by angles. RoFormer, arXiv 2104.09864 §3.4.2. */
import type { Dim, Value } from "../graph.js";
import { type None, type OnnxEmitter, type Op, op, type TfTensor } from "../op.js";
import { i32, type Tensor } from "../tensor.js";
import { expect, expectShape, refuse } from "./sizes.js";

type Four = readonly [number, number, number, number];

export interface RotaryAttributes {
  /**
   * Which elements turn together: neighbours, as LLaMA's own files have them (the default), or element j of the first half
   * of the turned ones with element j of the second, as GPT-NeoX and the files of the Hugging Face hub have them.
   */
  readonly pairs?: "neighbours" | "halves";
}

/**
 * Turns each pair (a, b) of x [B, H, T, D] to (a cos - b sin, b cos + a sin), with (cos, sin) from table [T, R/2, 2] or
 * [B, T, R/2, 2]. Only the first R elements of a head turn; R is even and at most D.
 */
export const rotary: Op<readonly [x: Value, table: Value], RotaryAttributes> = op({
  name: "rotary",
  inputs: ["x", "table"],
  shape: ([x, table]) => {
    expect("rotary", "x", x, "f32", 4);
    const [B, , T, D] = x.shape as [Dim, Dim, Dim, Dim];
    if (typeof D !== "number") refuse("rotary", `the head size should be known but is ${D}`);
    const turned = 2 * (table.shape.at(-2) as number);
    if (!(turned <= (D as number))) refuse("rotary", `${turned} elements turn in a head of ${D}`);
    const shared: Dim[] = [T, turned / 2, 2];
    expectShape("rotary", "table", table, table.shape.length === 4 ? [B, ...shared] : shared);
    return { shape: x.shape, dtype: "f32" };
  },
  oracle: ([x, table], { pairs }) => {
    const [, H, T, D] = x.shape as Four;
    const R = 2 * table.shape.at(-2)!;
    const data = x.data.slice();
    const shared = table.shape.length === 3;
    const { first, second } = PAIRS[pairs ?? "neighbours"];
    for (let row = 0; row < data.length / D; row++) {
      // row = (b · H + h) · T + t
      const angles = shared ? row % T : Math.floor(row / (H * T)) * T + (row % T);
      for (let j = 0; j < R / 2; j++) {
        const [i, k] = [row * D + first(j), row * D + second(j, R)];
        const [cos, sin, a, b] = [
          table.data[angles * R + 2 * j]!,
          table.data[angles * R + 2 * j + 1]!,
          x.data[i]!,
          x.data[k]!,
        ];
        data[i] = a * cos - b * sin;
        data[k] = b * cos + a * sin;
      }
    }
    return { shape: x.shape, data };
  },
  // x · cos + x with partners swapped · ±sin; equal tables are prepared once for all layers.
  onnx: (emit, [x, table], { pairs = "neighbours" }) => {
    const [, H, , D] = x.shape as Four;
    const R = 2 * (table.shape.at(-2) as number);
    if (emit.operators === "onnxruntime") {
      const rows = emit.node("Reshape", [table.name, emit.int64([-1, R / 2, 2])]);
      const column = (i: number) => emit.node("Gather", [rows, emit.constant(i32([], [i]))], { axis: { int: 2 } });
      const interleaved = { interleaved: { int: pairs === "neighbours" ? 1 : 0 } };
      const partial = R < D ? { rotary_embedding_dim: { int: R }, num_heads: { int: H } } : {};
      let places = emit.int64([0]); // row 0 of the table is for the first place
      if (table.shape.length === 4) {
        const lead = emit.node("Shape", [table.name], { start: { int: 0 }, end: { int: 2 } });
        const count = emit.node("ReduceProd", [lead], { keepdims: { int: 0 } });
        const counted = emit.node("Range", [scalar(emit, 0), count, scalar(emit, 1)]);
        places = emit.node("Reshape", [counted, lead]);
      }
      const inputs = [x.name, places, column(0), column(1)];
      return emit.node("RotaryEmbedding", inputs, { ...interleaved, ...partial }, "com.microsoft");
    }
    const { partner, pair } = PAIRS[pairs];
    const flat = emit.node("Reshape", [table.name, emit.int64(table.shape.length === 4 ? [0, 1, -1, R] : [-1, R])]);
    const pick = (from: (d: number) => number) =>
      emit.node("Gather", [flat, emit.int64(counted(R).map(from))], { axis: { int: -1 } });
    const cos = pick((d) => 2 * pair(d, R));
    const sin = emit.node("Mul", [pick((d) => 2 * pair(d, R) + 1), emit.constant(signs(R, partner))]);
    const part = (from: number, to: number) =>
      emit.node("Slice", [x.name, emit.int64([from]), emit.int64([to]), emit.int64([3])]);
    const turning = R < D ? part(0, R) : x.name;
    // A permutation matrix swaps exactly, and faster than gathering single numbers.
    const swapped = emit.node("MatMul", [turning, emit.constant(swapMatrix(R, partner))]);
    const turned = emit.node("Add", [emit.node("Mul", [turning, cos]), emit.node("Mul", [swapped, sin])]);
    return R < D ? emit.node("Concat", [turned, part(R, D)], { axis: { int: 3 } }) : turned;
  },
  tfjs: (tf, [x, table], { pairs = "neighbours" }) => {
    const [B, H, T, D] = x.shape as unknown as Four;
    const R = 2 * table.shape.at(-2)!;
    const { partner, pair } = PAIRS[pairs];
    const flat = tf.reshape(table, table.rank === 4 ? [B, 1, T, R] : [T, R]);
    const indices = (from: (d: number) => number) => tf.tensor1d(Int32Array.from(counted(R), from), "int32");
    const pick = (from: (d: number) => number) => tf.gather(flat, indices(from), flat.rank - 1);
    const cos = pick((d) => 2 * pair(d, R));
    const sin = tf.mul(
      pick((d) => 2 * pair(d, R) + 1),
      tf.tensor1d(signs(R, partner).data as Float32Array),
    );
    const turning = R < D ? tf.slice(x, [0, 0, 0, 0], [B, H, T, R]) : x;
    const swapped = tf.gather(
      turning,
      indices((d) => partner(d, R)),
      3,
    );
    const turned = tf.add(tf.mul(turning, cos), tf.mul(swapped, sin));
    return R < D ? tf.concat([turned, tf.slice(x, [0, 0, 0, R], [B, H, T, D - R])], 3) : turned;
  },
});

/** Turns each pair of neighbours (a, b) of x [N, D] to (a cos - b sin, b cos + a sin), by angles of its own: cos and sin [N, D/2]. */
export const turn: Op<readonly [x: Value, cos: Value, sin: Value], None> = op({
  name: "turn",
  inputs: ["x", "cos", "sin"],
  shape: ([x, cos, sin]) => {
    expect("turn", "x", x, "f32", 2);
    const [N, D] = x.shape as [Dim, Dim];
    if (typeof D !== "number" || D % 2 !== 0) refuse("turn", `x should have an even number of columns, not ${D}`);
    expectShape("turn", "cos", cos, [N, (D as number) / 2]);
    expectShape("turn", "sin", sin, cos.shape);
    return { shape: x.shape, dtype: "f32" };
  },
  oracle: ([x, cos, sin]) => {
    const data = new Float32Array(x.data.length);
    for (let j = 0; j < cos.data.length; j++) {
      const [a, b, c, s] = [x.data[2 * j]!, x.data[2 * j + 1]!, cos.data[j]!, sin.data[j]!];
      data[2 * j] = a * c - b * s;
      data[2 * j + 1] = b * c + a * s;
    }
    return { shape: x.shape, data };
  },
  onnx: (emit, [x, cos, sin]) => {
    const D = x.shape[1] as number;
    if (emit.operators === "onnxruntime") {
      const rows = emit.node("Reshape", [x.name, emit.int64([1, -1, D])]);
      const inputs = [rows, emit.int64([0]), cos.name, sin.name];
      const turned = emit.node("RotaryEmbedding", inputs, { interleaved: { int: 1 } }, "com.microsoft");
      return emit.node("Reshape", [turned, emit.int64([-1, D])]);
    }
    const pairs = emit.node("Reshape", [x.name, emit.int64([-1, D / 2, 2])]);
    const part = (i: number) => emit.node("Gather", [pairs, emit.constant(i32([], [i]))], { axis: { int: 2 } });
    const times = (a: string, b: string) => emit.node("Mul", [a, b]);
    const [a, b] = [part(0), part(1)];
    const halves = [
      emit.node("Sub", [times(a, cos.name), times(b, sin.name)]),
      emit.node("Add", [times(b, cos.name), times(a, sin.name)]),
    ].map((half) => emit.node("Unsqueeze", [half, emit.int64([2])]));
    return emit.node("Reshape", [emit.node("Concat", halves, { axis: { int: 2 } }), emit.int64([-1, D])]);
  },
  tfjs: (tf, [x, cos, sin]) => {
    const [N, D] = x.shape as [number, number];
    const [a, b] = tf.unstack(tf.reshape(x, [N, D / 2, 2]), 2) as [TfTensor, TfTensor];
    const turned = [tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(b, cos), tf.mul(a, sin))];
    return tf.reshape(tf.stack(turned, 2), [N, D]);
  },
});

/** Where the two elements of pair j are among R; and of element d, its pair and its partner. */
interface Pairing {
  first(j: number): number;
  second(j: number, R: number): number;
  pair(d: number, R: number): number;
  partner(d: number, R: number): number;
}

const PAIRS: Readonly<Record<"neighbours" | "halves", Pairing>> = {
  neighbours: {
    first: (j) => 2 * j,
    second: (j) => 2 * j + 1,
    pair: (d) => Math.floor(d / 2),
    partner: (d) => d + 1 - 2 * (d % 2),
  },
  halves: {
    first: (j) => j,
    second: (j, R) => j + R / 2,
    pair: (d, R) => d % (R / 2),
    partner: (d, R) => (d + R / 2) % R,
  },
};

const counted = (count: number) => [...Array(count).keys()];

const scalar = (emit: OnnxEmitter, value: number) => emit.node("Squeeze", [emit.int64([value])]);

/** -1 for the first element of each pair, 1 for the second. */
const signs = (R: number, partner: Pairing["partner"]): Tensor => ({
  shape: [R],
  data: Float32Array.from({ length: R }, (_, d) => (partner(d, R) < d ? 1 : -1)),
});

/** x · this puts on each place d what x has at its partner. */
function swapMatrix(R: number, partner: Pairing["partner"]): Tensor {
  const data = new Float32Array(R * R);
  for (let d = 0; d < R; d++) data[partner(d, R) * R + d] = 1;
  return { shape: [R, R], data };
}
