/** Convolutions, as cross-correlations the way all frameworks mean them. */

import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Dim, Value } from "../graph.js";
import { type Op, op } from "../op.js";
import { expect, expectShape, refuse, scaled } from "./sizes.js";

export interface Conv2dAttributes {
  /** Step in both directions; 1 by default. */
  readonly stride?: number;
  /** Zeros added [top, left, bottom, right]; none by default. */
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number];
}

const NO_PADS = [0, 0, 0, 0] as const;

/** x [B, C, Y, X], weight [O, C, kY, kX], bias [O] or null -> [B, O, Y', X'] with Y' = floor((Y + pads - kY) / stride) + 1. */
export const conv2d: Op<readonly [x: Value, weight: Value, bias: Value | null], Conv2dAttributes> = op({
  name: "conv2d",
  inputs: ["x", "weight", "bias?"],
  shape: ([x, weight, bias], { stride = 1, pads = NO_PADS }) => {
    expect("conv2d", "x", x, "f32", 4);
    expect("conv2d", "weight", weight, "f32", 4);
    const [B, C, Y, X] = x.shape as [Dim, Dim, Dim, Dim];
    const [O, inner, kY, kX] = weight.shape as [number, number, number, number];
    if (C !== inner) refuse("conv2d", `x [${x.shape}] and weight [${weight.shape}] differ in channels`);
    if (bias) expectShape("conv2d", "bias", bias, [O]);
    const [top, left, bottom, right] = pads;
    return { shape: [B, O, swept(Y, top + bottom, kY, stride), swept(X, left + right, kX, stride)], dtype: "f32" };
  },
  oracle: ([x, weight, bias], { stride = 1, pads = NO_PADS }) => {
    const [B, C, Y, X] = x.shape as [number, number, number, number];
    const [O, , kY, kX] = weight.shape as [number, number, number, number];
    const [top, left, bottom, right] = pads;
    const outY = swept(Y, top + bottom, kY, stride) as number;
    const outX = swept(X, left + right, kX, stride) as number;
    const data = new Float32Array(B * O * outY * outX);
    const at = (b: number, o: number, y: number, x0: number): number => {
      let sum = bias ? bias.data[o]! : 0;
      for (let c = 0; c < C; c++) {
        for (let i = Math.max(0, -y); i < kY && y + i < Y; i++) {
          for (let j = Math.max(0, -x0); j < kX && x0 + j < X; j++) {
            sum += x.data[((b * C + c) * Y + y + i) * X + x0 + j]! * weight.data[((o * C + c) * kY + i) * kX + j]!;
          }
        }
      }
      return sum;
    };
    let index = 0;
    for (let b = 0; b < B; b++) {
      for (let o = 0; o < O; o++) {
        for (let y = 0; y < outY; y++) {
          for (let x0 = 0; x0 < outX; x0++) data[index++] = at(b, o, y * stride - top, x0 * stride - left);
        }
      }
    }
    return { shape: [B, O, outY, outX], data };
  },
  onnx: (emit, [x, weight, bias], { stride = 1, pads = NO_PADS }) =>
    emit.node("Conv", [x.name, weight.name, ...(bias ? [bias.name] : [])], {
      pads: { ints: pads },
      strides: { ints: [stride, stride] },
    }),
  // Most tfjs backends convolve channels-last only.
  tfjs: (tf, [x, weight, bias], { stride = 1, pads = NO_PADS }) => {
    const [top, left, bottom, right] = pads;
    const padded = tf.pad(tf.transpose(x, [0, 2, 3, 1]), [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    const kernel = tf.transpose(weight, [2, 3, 1, 0]);
    const y = tf.conv2d(padded as Tensor4D, kernel as Tensor4D, stride, "valid");
    return tf.transpose(bias ? tf.add(y, bias) : y, [0, 3, 1, 2]);
  },
});

/** The size after a sweep. A name is followed through the two cases that networks use: same size, and exact division. */
function swept(size: Dim, pads: number, kernel: number, stride: number): Dim {
  if (typeof size !== "number") {
    if (pads - kernel !== -1 && !(pads < kernel && kernel - pads <= stride))
      refuse(
        "conv2d",
        `the size of ${size} padded by ${pads} under a kernel of ${kernel} is not a plain fraction of it`,
      );
    return scaled("conv2d", size, 1, stride);
  }
  const out = Math.floor((size + pads - kernel) / stride) + 1;
  return out > 0 ? out : refuse("conv2d", `a kernel of ${kernel} does not fit ${size} padded by ${pads}`);
}
