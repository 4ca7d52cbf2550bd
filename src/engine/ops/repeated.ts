/** Copies on tfjs, in three axes: of five its WebGPU backend (4.22.0) tiles on the host and reads there by a canvas, which Node has not. */
import type { Tfjs, TfTensor } from "../op.js";
import { around } from "./loops.js";

/** Each place of an axis `times` times in a row. */
export function repeated(tf: Tfjs, x: TfTensor, axis: number, times: number): TfTensor {
  const { outer, size, inner } = around(x.shape, axis);
  const copied = tf.tile(tf.reshape(x, [outer * size, 1, inner]), [1, times, 1]);
  return tf.reshape(copied, x.shape.with(axis, size * times));
}

/** x as it is read in the larger shape `to`, of which it has 1 in place of some sizes or none in front. */
export function stretched(tf: Tfjs, x: TfTensor, to: readonly number[]): TfTensor {
  const missing = to.length - x.shape.length;
  const padded = tf.reshape(x, [...Array<number>(missing).fill(1), ...x.shape]);
  return to.reduce((y, size, axis) => (y.shape[axis] === size ? y : repeated(tf, y, axis, size)), padded as TfTensor);
}
