/** Normalisations. All statistics are over float32 values; epsilon stands where each formula says. */
import type { Value } from "../graph.js";
import { type Op, op, type Tfjs, type TfTensor } from "../op.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { around } from "./loops.js";
import type { AxisAttributes } from "./shape.js";
import { axisOf, expect, expectShape, refuse } from "./sizes.js";

export interface EpsilonAttributes {
  readonly epsilon: number;
}

/** x / sqrt(mean(x²) + epsilon) · weight over the last axis, weight [C] or null. arXiv 1910.07467 §4. */
export const rmsNorm: Op<readonly [x: Value, weight: Value | null], EpsilonAttributes> = op({
  name: "rmsNorm",
  inputs: ["x", "weight?"],
  shape: ([x, weight]) => lastAxisNorm("rmsNorm", x, weight, null),
  oracle: ([x, weight], { epsilon }) =>
    perRow(x, (row, out) => {
      let squares = 0;
      for (const value of row) squares += value * value;
      const scale = 1 / Math.sqrt(squares / row.length + epsilon);
      for (let c = 0; c < row.length; c++) out[c] = row[c]! * scale * (weight?.data[c] ?? 1);
    }),
  // Written out as this chain, ONNX Runtime recognises it and runs one fused kernel.
  onnx: (emit, [x, weight], { epsilon }) => {
    const square = emit.node("Pow", [x.name, emit.scalar(2)]);
    const mean = emit.node("ReduceMean", [square, emit.int64([-1])], { keepdims: { int: 1 } });
    const root = emit.node("Sqrt", [emit.node("Add", [mean, emit.scalar(epsilon)])]);
    const normed = emit.node("Div", [x.name, root]);
    return weight ? emit.node("Mul", [normed, weight.name]) : normed;
  },
  tfjs: (tf, [x, weight], { epsilon }) => {
    const normed = tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon)));
    return weight ? tf.mul(normed, weight) : normed;
  },
});

/** (x - mean) / sqrt(variance + epsilon) · weight + bias over the last axis, weight and bias [C] or null. arXiv 1607.06450. */
export const layerNorm: Op<readonly [x: Value, weight: Value | null, bias: Value | null], EpsilonAttributes> = op({
  name: "layerNorm",
  inputs: ["x", "weight?", "bias?"],
  shape: ([x, weight, bias]) => lastAxisNorm("layerNorm", x, weight, bias),
  oracle: ([x, weight, bias], { epsilon }) =>
    perRow(x, (row, out) => {
      const { mean, scale } = moments(row, epsilon);
      for (let c = 0; c < row.length; c++)
        out[c] = (row[c]! - mean) * scale * (weight?.data[c] ?? 1) + (bias?.data[c] ?? 0);
    }),
  onnx: (emit, [x, weight, bias], { epsilon }) => {
    const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } };
    // The operator insists on a scale; without one, ones of the same width are folded in.
    const scale = weight?.name ?? emit.constant(filled(widthOf("layerNorm", x.shape.at(-1)), 1));
    return emit.node("LayerNormalization", [x.name, scale, ...(bias ? [bias.name] : [])], attributes);
  },
  tfjs: (tf, [x, weight, bias], { epsilon }) => shifted(tf, standardised(tf, x, epsilon), weight, bias),
});

export interface GroupNormAttributes extends EpsilonAttributes {
  readonly groups: number;
}

/**
 * Channels in `groups` equal runs, each normalised over its channels and all places after them; then · weight + bias a
 * channel. x [B, C, ...], weight and bias [C]. arXiv 1803.08494 §3.
 */
export const groupNorm: Op<readonly [x: Value, weight: Value, bias: Value], GroupNormAttributes> = op({
  name: "groupNorm",
  inputs: ["x", "weight", "bias"],
  shape: ([x, weight, bias], { groups }) => {
    expect("groupNorm", "x", x, "f32", null);
    const C = widthOf("groupNorm", x.shape[1]);
    if (C % groups !== 0) refuse("groupNorm", `${C} channels do not fall into ${groups} groups`);
    expectShape("groupNorm", "weight", weight, [C]);
    expectShape("groupNorm", "bias", bias, [C]);
    return x;
  },
  oracle: ([x, weight, bias], { groups, epsilon }) => {
    const [B, C] = x.shape as [number, number];
    const places = x.data.length / B / C;
    const size = (C / groups) * places;
    const data = new Float32Array(x.data.length);
    for (let start = 0; start < data.length; start += size) {
      const { mean, scale } = moments(x.data.subarray(start, start + size), epsilon);
      for (let i = start; i < start + size; i++) {
        const c = Math.floor(i / places) % C;
        data[i] = (x.data[i]! - mean) * scale * weight.data[c]! + bias.data[c]!;
      }
    }
    return { shape: x.shape, data };
  },
  // Groups as the channels of an instance normalisation: the form that every runtime of ONNX knows.
  onnx: (emit, [x, weight, bias], { groups, epsilon }) => {
    const grouped = emit.node("Reshape", [x.name, emit.int64([0, groups, -1])]);
    const ones = emit.constant(filled(groups, 1));
    const zeros = emit.constant(filled(groups, 0));
    const normed = emit.node("InstanceNormalization", [grouped, ones, zeros], { epsilon: { float: epsilon } });
    const back = emit.node("Reshape", [normed, emit.node("Shape", [x.name])]);
    const channel = emit.int64([-1, ...x.shape.slice(2).map(() => 1)]);
    const perChannel = (name: string) => emit.node("Reshape", [name, channel]);
    return emit.node("Add", [emit.node("Mul", [back, perChannel(weight.name)]), perChannel(bias.name)]);
  },
  tfjs: (tf, [x, weight, bias], { groups, epsilon }) => {
    const [B, C] = x.shape as [number, number];
    const normed = tf.reshape(standardised(tf, tf.reshape(x, [B, groups, -1]), epsilon), x.shape);
    const channel = [C, ...x.shape.slice(2).map(() => 1)];
    return shifted(tf, normed, tf.reshape(weight, channel), tf.reshape(bias, channel));
  },
});

/** x / max(|x|, epsilon) with the Euclidean norm along an axis. */
export const l2Normalize: Op<readonly [x: Value], AxisAttributes & EpsilonAttributes> = op({
  name: "l2Normalize",
  inputs: ["x"],
  shape: ([x], { axis }) => along("l2Normalize", x, axis),
  oracle: ([x], { axis, epsilon }) =>
    perLine(x, axis, (line) => {
      let squares = 0;
      for (const value of line) squares += value * value;
      const scale = 1 / Math.max(Math.sqrt(squares), epsilon);
      return line.map((value) => value * scale);
    }),
  onnx: (emit, [x], { axis, epsilon }) => {
    const norm = emit.node("ReduceL2", [x.name, emit.int64([axis])], { keepdims: { int: 1 } });
    return emit.node("Div", [x.name, emit.node("Max", [norm, emit.scalar(epsilon)])]);
  },
  tfjs: (tf, [x], { axis, epsilon }) => tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x), axis, true)), epsilon)),
});

/** e^x / sum of e^x along an axis, computed from the largest down so that nothing overflows. */
export const softmax: Op<readonly [x: Value], AxisAttributes> = op({
  name: "softmax",
  inputs: ["x"],
  shape: ([x], { axis }) => along("softmax", x, axis),
  oracle: ([x], { axis }) =>
    perLine(x, axis, (line) => {
      const top = line.reduce((a, b) => Math.max(a, b), -Infinity);
      const powers = line.map((value) => Math.exp(value - top));
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((value) => value / total);
    }),
  onnx: (emit, [x], { axis }) => emit.node("Softmax", [x.name], { axis: { int: axis } }),
  tfjs: (tf, [x], { axis }) => {
    const last = x.rank - 1;
    const at = axisOf("softmax", axis, x.rank);
    if (at === last) return tf.softmax(x);
    const swap = [...x.shape.keys()].with(at, last).with(last, at); // its own inverse
    return tf.transpose(tf.softmax(tf.transpose(x, swap)), swap);
  },
});

// ---- shared by the rows above -----------------------------------------------------------------------------------------

function lastAxisNorm(name: string, x: Value, weight: Value | null, bias: Value | null): Value {
  expect(name, "x", x, "f32", null);
  const C = widthOf(name, x.shape.at(-1));
  if (weight) expectShape(name, "weight", weight, [C]);
  if (bias) expectShape(name, "bias", bias, [C]);
  return x;
}

const widthOf = (name: string, size: string | number | undefined): number =>
  typeof size === "number" ? size : refuse(name, `the number of channels should be known but is ${size}`);

function along(name: string, x: Value, axis: number): Value {
  expect(name, "x", x, "f32", null);
  axisOf(name, axis, x.shape.length);
  return x;
}

const filled = (size: number, value: number): Tensor => ({ shape: [size], data: new Float32Array(size).fill(value) });

function moments(values: ArrayLike<number> & Iterable<number>, epsilon: number): { mean: number; scale: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return { mean, scale: 1 / Math.sqrt(squares / values.length + epsilon) };
}

function perRow(x: Tensor, fill: (row: Float32Array, out: Float32Array) => void): Tensor {
  const C = x.shape.at(-1)!;
  const data = new Float32Array(sizeOf(x.shape));
  for (let at = 0; at < data.length; at += C)
    fill((x.data as Float32Array).subarray(at, at + C), data.subarray(at, at + C));
  return { shape: x.shape, data };
}

/** Applies `of` to each line along an axis, in float64. */
function perLine(x: Tensor, axis: number, of: (line: number[]) => number[]): Tensor {
  const { outer, size, inner } = around(x.shape, axis);
  const data = new Float32Array(x.data.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (n: number) => (o * size + n) * inner + i;
      of(Array.from({ length: size }, (_, n) => x.data[at(n)]!)).forEach((value, n) => {
        data[at(n)] = value;
      });
    }
  }
  return { shape: x.shape, data };
}

function standardised(tf: Tfjs, x: TfTensor, epsilon: number): TfTensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)));
}

function shifted(tf: Tfjs, x: TfTensor, weight: TfTensor | null, bias: TfTensor | null): TfTensor {
  const product = weight ? tf.mul(x, weight) : x;
  return bias ? tf.add(product, bias) : product;
}
