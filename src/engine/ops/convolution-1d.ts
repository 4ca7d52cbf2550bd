/** Convolutions along time, of [B, C, T], as cross-correlations the way all frameworks mean them. */
import type { Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Dim, Value } from "../graph.js";
import { type Op, op, type Tfjs, type TfTensor } from "../op.js";
import { expect, expectShape, refuse, scaled, shifted } from "./sizes.js";

export interface Conv1dAttributes {
  /** Step along time; 1 by default. A stride and a dilation above 1 exclude each other. */
  readonly stride?: number;
  /** Distance of the taps of the kernel; 1 by default. */
  readonly dilation?: number;
  /** Equal runs of channels that do not see each other; 1 by default. */
  readonly groups?: number;
  /** Zeros added [before, after]; none by default. A causal layer has all of them before. */
  readonly pads?: readonly [before: number, after: number];
}

const NO_PADS = [0, 0] as const;

type Three = [number, number, number];

/** x [B, C, T], weight [O, C/groups, k], bias [O] or null -> [B, O, T'] with T' = floor((T + pads - dilation·(k-1) - 1) / stride) + 1. */
export const conv1d: Op<readonly [x: Value, weight: Value, bias: Value | null], Conv1dAttributes> = op({
  name: "conv1d",
  inputs: ["x", "weight", "bias?"],
  shape: ([x, weight, bias], { stride = 1, dilation = 1, groups = 1, pads = NO_PADS }) => {
    expect("conv1d", "x", x, "f32", 3);
    expect("conv1d", "weight", weight, "f32", 3);
    const [B, C, T] = x.shape as [Dim, Dim, Dim];
    const [O, inner, k] = weight.shape as Three;
    if (C !== inner * groups)
      refuse("conv1d", `x [${x.shape}] and weight [${weight.shape}] of ${groups} groups differ in channels`);
    if (O % groups !== 0) refuse("conv1d", `${O} channels do not fall into ${groups} groups`);
    if (stride > 1 && dilation > 1) refuse("conv1d", "a stride and a dilation above 1 exclude each other");
    if (bias) expectShape("conv1d", "bias", bias, [O]);
    return { shape: [B, O, swept(T, pads[0] + pads[1] - dilation * (k - 1) - 1, stride)], dtype: "f32" };
  },
  oracle: ([x, weight, bias], { stride = 1, dilation = 1, groups = 1, pads = NO_PADS }) => {
    const [B, C, T] = x.shape as Three;
    const [O, inner, k] = weight.shape as Three;
    const out = swept(T, pads[0] + pads[1] - dilation * (k - 1) - 1, stride) as number;
    const data = new Float32Array(B * O * out);
    for (let index = 0; index < data.length; index++) {
      const [t, o, b] = [index % out, Math.floor(index / out) % O, Math.floor(index / out / O)];
      const first = Math.floor(o / (O / groups)) * inner; // channel of x
      let sum = bias ? bias.data[o]! : 0;
      for (let c = 0; c < inner; c++) {
        for (let j = 0; j < k; j++) {
          const at = t * stride - pads[0] + j * dilation;
          if (at >= 0 && at < T) sum += x.data[(b * C + first + c) * T + at]! * weight.data[(o * inner + c) * k + j]!;
        }
      }
      data[index] = sum;
    }
    return { shape: [B, O, out], data };
  },
  onnx: (emit, [x, weight, bias], { stride = 1, dilation = 1, groups = 1, pads = NO_PADS }) =>
    emit.node("Conv", [x.name, weight.name, ...(bias ? [bias.name] : [])], {
      dilations: { ints: [dilation] },
      group: { int: groups },
      pads: { ints: pads },
      strides: { ints: [stride] },
    }),
  tfjs: (tf, [x, weight, bias], { pads = NO_PADS, ...sweep }) => {
    const padded = tf.pad(x, [[0, 0], [0, 0], [...pads]]);
    return withBias(tf, correlated(tf, padded, weight, sweep), bias);
  },
});

export interface ConvTranspose1dAttributes {
  /** Distance at which the kernel is laid down for each step of x; 1 by default. */
  readonly stride?: number;
  readonly groups?: number;
  /** Places cut off [before, after]; none by default. */
  readonly pads?: readonly [before: number, after: number];
  /** Places more at the end; none by default. */
  readonly outputPadding?: number;
}

/** The adjoint of conv1d: x [B, C, T], weight [C, O/groups, k], bias [O] or null -> [B, O, (T-1)·stride + k - pads + outputPadding]. */
export const convTranspose1d: Op<readonly [x: Value, weight: Value, bias: Value | null], ConvTranspose1dAttributes> =
  op({
    name: "convTranspose1d",
    inputs: ["x", "weight", "bias?"],
    shape: ([x, weight, bias], { stride = 1, groups = 1, pads = NO_PADS, outputPadding = 0 }) => {
      expect("convTranspose1d", "x", x, "f32", 3);
      expect("convTranspose1d", "weight", weight, "f32", 3);
      const [B, C, T] = x.shape as [Dim, Dim, Dim];
      const [inner, perGroup, k] = weight.shape as Three;
      if (C !== inner || inner % groups !== 0)
        refuse("convTranspose1d", `x [${x.shape}] and weight [${weight.shape}] of ${groups} groups differ in channels`);
      const O = perGroup * groups;
      if (bias) expectShape("convTranspose1d", "bias", bias, [O]);
      const spread = scaled("convTranspose1d", T, stride, 1);
      return { shape: [B, O, shifted(spread, k - stride - pads[0] - pads[1] + outputPadding)], dtype: "f32" };
    },
    oracle: ([x, weight, bias], { stride = 1, groups = 1, pads = NO_PADS, outputPadding = 0 }) => {
      const [B, C, T] = x.shape as Three;
      const [, perGroup, k] = weight.shape as Three;
      const O = perGroup * groups;
      const out = (T - 1) * stride + k - pads[0] - pads[1] + outputPadding;
      const sums = new Float64Array(B * O * out);
      for (let b = 0; b < B; b++) {
        for (let c = 0; c < C; c++) {
          const first = Math.floor(c / (C / groups)) * perGroup; // channel of the result
          for (let o = 0; o < perGroup; o++) {
            const row = (b * O + first + o) * out;
            for (let t = 0; t < T; t++) {
              for (let j = 0; j < k; j++) {
                const at = t * stride + j - pads[0];
                if (at >= 0 && at < out)
                  sums[row + at]! += x.data[(b * C + c) * T + t]! * weight.data[(c * perGroup + o) * k + j]!;
              }
            }
          }
        }
      }
      const data = Float32Array.from(sums, (sum, i) => sum + (bias ? bias.data[Math.floor(i / out) % O]! : 0));
      return { shape: [B, O, out], data };
    },
    onnx: (emit, [x, weight, bias], { stride = 1, groups = 1, pads = NO_PADS, outputPadding = 0 }) =>
      emit.node("ConvTranspose", [x.name, weight.name, ...(bias ? [bias.name] : [])], {
        group: { int: groups },
        output_padding: { ints: [outputPadding] },
        pads: { ints: pads },
        strides: { ints: [stride] },
      }),
    tfjs: (tf, [x, weight, bias], { stride = 1, groups = 1, pads = NO_PADS, outputPadding = 0 }) => {
      const [B, , T] = x.shape as Three;
      const [, perGroup, k] = weight.shape as Three;
      const O = perGroup * groups;
      const full = (T - 1) * stride + k;
      const laid = (groups === 1 ? laidDown : laidDownInGroups)(tf, x, weight, stride, groups);
      const after = pads[1] - outputPadding;
      const kept = tf.slice(laid, [0, 0, pads[0]], [B, O, full - pads[0] - Math.max(after, 0)]);
      const extended =
        after < 0
          ? tf.pad(kept, [
              [0, 0],
              [0, 0],
              [0, -after],
            ])
          : kept;
      return withBias(tf, extended, bias);
    },
  });

/** convTranspose1d of one group, without pads and bias. */
function laidDown(tf: Tfjs, x: TfTensor, weight: TfTensor, stride: number): TfTensor {
  const [B, C, T] = x.shape as Three;
  const [, O, k] = weight.shape as Three;
  const full = (T - 1) * stride + k;
  const rows = tf.reshape(tf.transpose(x, [0, 2, 1]), [B, 1, T, C]) as Tensor4D;
  const kernel = tf.reshape(tf.transpose(weight, [2, 1, 0]), [1, k, O, C]) as Tensor4D;
  const y = tf.conv2dTranspose(rows, kernel, [B, 1, full, O], [1, stride], "valid");
  return tf.transpose(tf.reshape(y, [B, full, O]), [0, 2, 1]);
}

/** Zeros between the steps and the kernel turned round make an ordinary convolution, which may have groups in tfjs. */
function laidDownInGroups(tf: Tfjs, x: TfTensor, weight: TfTensor, stride: number, groups: number): TfTensor {
  const [B, C, T] = x.shape as Three;
  const [, perGroup, k] = weight.shape as Three;
  const spread = tf.pad(tf.reshape(x, [B, C, T, 1]), [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, stride - 1],
  ]);
  const steps = tf.slice(tf.reshape(spread, [B, C, T * stride]), [0, 0, 0], [B, C, (T - 1) * stride + 1]);
  const padded = tf.pad(steps, [
    [0, 0],
    [0, 0],
    [k - 1, k - 1],
  ]);
  const grouped = tf.transpose(tf.reshape(weight, [groups, C / groups, perGroup, k]), [0, 2, 1, 3]);
  const kernel = tf.reverse(tf.reshape(grouped, [groups * perGroup, C / groups, k]), 2);
  return correlated(tf, padded, kernel, { groups });
}

/** conv1d without pads and bias. Most tfjs backends convolve channels-last only, and know groups only as one for each channel. */
function correlated(
  tf: Tfjs,
  x: TfTensor,
  weight: TfTensor,
  { stride = 1, dilation = 1, groups = 1 }: Omit<Conv1dAttributes, "pads">,
): TfTensor {
  const [B, C, T] = x.shape as Three;
  const [O, inner, k] = weight.shape as Three;
  const rows = tf.reshape(tf.transpose(x as Tensor3D, [0, 2, 1]), [B, 1, T, C]) as Tensor4D;
  const steps: [number, number] = [1, stride];
  const taps: [number, number] = [1, dilation];
  const back = (y: TfTensor) => tf.transpose(tf.reshape(y, [B, -1, O]), [0, 2, 1]);
  if (inner === 1 && groups > 1) {
    const kernel = tf.reshape(tf.transpose(tf.reshape(weight, [C, O / C, k]), [2, 0, 1]), [1, k, C, O / C]);
    return back(tf.depthwiseConv2d(rows, kernel as Tensor4D, steps, "valid", "NHWC", taps));
  }
  const kernel = tf.reshape(tf.transpose(weight, [2, 1, 0]), [1, k, inner, O]) as Tensor4D;
  const of = (group: number) =>
    tf.conv2d(
      tf.slice(rows, [0, 0, 0, group * inner], [B, 1, T, inner]),
      tf.slice(kernel, [0, 0, 0, (group * O) / groups], [1, k, inner, O / groups]),
      steps,
      "valid",
      "NHWC",
      taps,
    );
  return back(
    tf.concat(
      Array.from({ length: groups }, (_, group) => of(group)),
      3,
    ),
  );
}

const withBias = (tf: Tfjs, y: TfTensor, bias: TfTensor | null): TfTensor =>
  bias ? tf.add(y, tf.reshape(bias, [1, -1, 1])) : y;

/** floor((T + net) / stride) + 1. Of a named size with a stride it is trusted that the stride divides it. */
function swept(T: Dim, net: number, stride: number): Dim {
  if (typeof T !== "number") return shifted(scaled("conv1d", T, 1, stride), Math.floor(net / stride) + 1);
  const out = Math.floor((T + net) / stride) + 1;
  return out > 0 ? out : refuse("conv1d", `the kernel does not fit ${T} places: it leaves ${out}`);
}
