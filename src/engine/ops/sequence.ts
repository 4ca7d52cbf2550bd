/** Operations along one axis that stands for time: padding, repeating, cropping, and positions relative to one another. */
import type { Dim, Value } from "../graph.js";
import { type Op, op, type TfTensor } from "../op.js";
import { around, emptyLike } from "./loops.js";
import { repeated } from "./repeated.js";
import type { AxisAttributes } from "./shape.js";
import { axisOf, expect, refuse, scaled, shifted } from "./sizes.js";

export interface PadAttributes extends AxisAttributes {
  /** Places added in front and behind. */
  readonly before: number;
  readonly after: number;
  /** What stands there: zeros, the last value again, or what lies behind the edge as in a mirror. */
  readonly mode: "zero" | "edge" | "reflect";
}

export const pad: Op<readonly [x: Value], PadAttributes> = op({
  name: "pad",
  inputs: ["x"],
  shape: ([x], { axis, before, after, mode }) => {
    expect("pad", "x", x, "f32", null);
    const at = axisOf("pad", axis, x.shape.length);
    const size = x.shape[at]!;
    if (mode === "reflect" && typeof size === "number" && Math.max(before, after) >= size)
      refuse("pad", `${size} places mirror at most ${size - 1}, not ${Math.max(before, after)}`);
    return { shape: x.shape.with(at, shifted(size, before + after)), dtype: "f32" };
  },
  oracle: ([x], { axis, before, after, mode }) => {
    const { outer, size, inner } = around(x.shape, axis);
    const out = before + size + after;
    const data = new Float32Array(outer * out * inner);
    const from = (i: number) => {
      if (mode === "edge") return Math.min(Math.max(i, 0), size - 1);
      return i < 0 ? -i : i < size ? i : 2 * (size - 1) - i;
    };
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < out; i++) {
        const inside = i >= before && i < before + size;
        if (mode === "zero" && !inside) continue;
        const at = (o * size + from(i - before)) * inner;
        data.set((x.data as Float32Array).subarray(at, at + inner), (o * out + i) * inner);
      }
    }
    return { shape: x.shape.with(axisOf("pad", axis, x.shape.length), out), data };
  },
  onnx: (emit, [x], { axis, before, after, mode }) => {
    const inputs = [x.name, emit.int64([before, after]), "", emit.int64([axis])];
    return emit.node("Pad", inputs, { mode: { string: mode === "zero" ? "constant" : mode } });
  },
  tfjs: (tf, [x], { axis, before, after, mode }) => {
    const at = axisOf("pad", axis, x.rank);
    const widths = x.shape.map((_, i): [number, number] => (i === at ? [before, after] : [0, 0]));
    if (mode === "zero") return tf.pad(x, widths);
    if (mode === "reflect") return tf.mirrorPad(x, widths, "reflect");
    const copies = (index: number, count: number): TfTensor[] => {
      const line = tf.slice(
        x,
        x.shape.map((_, i) => (i === at ? index : 0)),
        x.shape.with(at, 1),
      );
      return count === 0 ? [] : [repeated(tf, line, at, count)];
    };
    return tf.concat([...copies(0, before), x, ...copies(x.shape[at]! - 1, after)], at);
  },
});

export interface RepeatAttributes extends AxisAttributes {
  readonly times: number;
}

/** Each place of an axis `times` times in a row: PyTorch's repeat_interleave, and interpolation to the nearest by a whole factor. */
export const repeat: Op<readonly [x: Value], RepeatAttributes> = op({
  name: "repeat",
  inputs: ["x"],
  shape: ([x], { axis, times }) => {
    expect("repeat", "x", x, "f32", null);
    const at = axisOf("repeat", axis, x.shape.length);
    if (x.shape.slice(at + 1).some((size) => typeof size !== "number"))
      refuse("repeat", `the sizes behind axis ${axis} of [${x.shape}] should be known`);
    return { shape: x.shape.with(at, scaled("repeat", x.shape[at]!, times, 1)), dtype: "f32" };
  },
  oracle: ([x], { axis, times }) => {
    const { size, inner } = around(x.shape, axis);
    const data = emptyLike(x.data, x.data.length * times);
    for (let i = 0; i < data.length; i++) data[i] = x.data[Math.floor(i / inner / times) * inner + (i % inner)]!;
    return { shape: x.shape.with(axisOf("repeat", axis, x.shape.length), size * times), data };
  },
  onnx: (emit, [x], { axis, times }) => {
    const at = axisOf("repeat", axis, x.shape.length);
    const apart = emit.node("Unsqueeze", [x.name, emit.int64([at + 1])]);
    const copied = emit.node("Expand", [apart, emit.int64([...x.shape.map(() => 1), 1].with(at + 1, times))]);
    // 0 keeps the sizes in front; those behind have moved by one axis and must be numbers.
    const behind = x.shape.slice(at + 1) as number[];
    return emit.node("Reshape", [copied, emit.int64([...x.shape.slice(0, at).map(() => 0), -1, ...behind])]);
  },
  tfjs: (tf, [x], { axis, times }) => repeated(tf, x, axisOf("repeat", axis, x.rank), times),
});

/** The first places of an axis, as many as `like` has there: for maps that rounding has made a little longer than their partner. */
export const cropTo: Op<readonly [x: Value, like: Value], AxisAttributes> = op({
  name: "cropTo",
  inputs: ["x", "like"],
  shape: ([x, like], { axis }) => {
    const at = axisOf("cropTo", axis, x.shape.length);
    const [from, to] = [x.shape[at]!, like.shape[at] ?? refuse("cropTo", `like [${like.shape}] has no axis ${axis}`)];
    if (typeof from === "number" && typeof to === "number" && to > from)
      refuse("cropTo", `${from} places cannot be cropped to ${to}`);
    return { shape: x.shape.with(at, to), dtype: x.dtype };
  },
  oracle: ([x, like], { axis }) => {
    const at = axisOf("cropTo", axis, x.shape.length);
    const { outer, size, inner } = around(x.shape, axis);
    const kept = like.shape[at]!;
    const data = emptyLike(x.data, outer * kept * inner);
    for (let o = 0; o < outer; o++)
      data.set(x.data.subarray(o * size * inner, (o * size + kept) * inner), o * kept * inner);
    return { shape: x.shape.with(at, kept), data };
  },
  onnx: (emit, [x, like], { axis }) => {
    const at = axisOf("cropTo", axis, x.shape.length);
    return emit.node("Slice", [x.name, emit.int64([0]), emit.size(like, at), emit.int64([at])]);
  },
  tfjs: (tf, [x, like], { axis }) => {
    const at = axisOf("cropTo", axis, x.rank);
    return tf.slice(
      x,
      x.shape.map(() => 0),
      x.shape.with(at, like.shape[at]!),
    );
  },
});

export interface TailAttributes extends AxisAttributes {
  readonly count: number;
}

/** The last `count` places of an axis. */
export const tail: Op<readonly [x: Value], TailAttributes> = op({
  name: "tail",
  inputs: ["x"],
  shape: ([x], { axis, count }) => {
    const at = axisOf("tail", axis, x.shape.length);
    const size = x.shape[at]!;
    if (!Number.isInteger(count) || count < 1 || (typeof size === "number" && count > size))
      refuse("tail", `${size} places do not end in ${count}`);
    return { shape: x.shape.with(at, count), dtype: x.dtype };
  },
  oracle: ([x], { axis, count }) => {
    const { outer, size, inner } = around(x.shape, axis);
    const data = emptyLike(x.data, outer * count * inner);
    for (let o = 0; o < outer; o++)
      data.set(x.data.subarray(((o + 1) * size - count) * inner, (o + 1) * size * inner), o * count * inner);
    return { shape: x.shape.with(axisOf("tail", axis, x.shape.length), count), data };
  },
  onnx: (emit, [x], { axis, count }) => {
    const at = axisOf("tail", axis, x.shape.length);
    return emit.node("Slice", [x.name, emit.int64([-count]), emit.int64([2 ** 31 - 1]), emit.int64([at])]);
  },
  tfjs: (tf, [x], { axis, count }) => {
    const at = axisOf("tail", axis, x.rank);
    return tf.slice(
      x,
      x.shape.map((size, i) => (i === at ? size - count : 0)),
      x.shape.with(at, count),
    );
  },
});

/**
 * Scores by distance to scores by place: x [B, H, T, S+T-1] holds, for each of T queries, one score a distance, the farthest past
 * first; the result [B, H, T, S] holds the score of each of S keys, of which the last T are the queries' own places.
 * y[t, s] = x[t, T - 1 - t + s]. `keys` [B, H, S, D] gives S. Transformer-XL, arXiv 1901.02860 appendix B.
 */
export const relativeShift: Op<readonly [x: Value, keys: Value], Readonly<Record<never, never>>> = op({
  name: "relativeShift",
  inputs: ["x", "keys"],
  shape: ([x, keys]) => {
    expect("relativeShift", "x", x, "f32", 4);
    expect("relativeShift", "keys", keys, "f32", 4);
    const [B, H, T, R] = x.shape as [Dim, Dim, Dim, Dim];
    const S = keys.shape[2]!;
    if (typeof T === "number" && typeof S === "number" && typeof R === "number" && R !== S + T - 1)
      refuse("relativeShift", `${T} queries and ${S} keys have ${S + T - 1} distances, not ${R}`);
    return { shape: [B, H, T, S], dtype: "f32" };
  },
  oracle: ([x, keys]) => {
    const [B, H, T, R] = x.shape as [number, number, number, number];
    const S = keys.shape[2]!;
    const data = new Float32Array(B * H * T * S);
    for (let row = 0; row < B * H * T; row++) {
      const start = row * R + T - 1 - (row % T);
      data.set((x.data as Float32Array).subarray(start, start + S), row * S);
    }
    return { shape: [B, H, T, S], data };
  },
  // A column more at the left shifts each row by one against the next when all are read as one line.
  onnx: (emit, [x, keys]) => {
    const T = emit.size(x, 2);
    const END = emit.int64([2 ** 31 - 1]);
    const wider = emit.node("Pad", [x.name, emit.int64([1, 0]), "", emit.int64([3])]);
    const line = emit.node("Reshape", [wider, emit.int64([0, 0, -1])]);
    const shifted = emit.node("Slice", [line, T, END, emit.int64([2])]);
    const rows = emit.node("Concat", [emit.int64([0, 0]), T, emit.int64([-1])], { axis: { int: 0 } });
    const square = emit.node("Reshape", [shifted, rows]);
    return emit.node("Slice", [square, emit.int64([0]), emit.size(keys, 2), emit.int64([3])]);
  },
  tfjs: (tf, [x, keys]) => {
    const [B, H, T, R] = x.shape as [number, number, number, number];
    const line = tf.reshape(
      tf.pad(x, [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 0],
      ]),
      [B, H, T * (R + 1)],
    );
    const square = tf.reshape(tf.slice(line, [0, 0, T], [B, H, T * R]), [B, H, T, R]);
    return tf.slice(square, [0, 0, 0, 0], [B, H, T, keys.shape[2]!]);
  },
});
