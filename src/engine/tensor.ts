/**
 * Tensors on the host, and the legend of axes that every file uses:
 *
 *   B batch · T new positions · S cached positions · C width · H heads · D head size · V vocabulary · K codes
 *   h w grid of tokens · Y X pixels (rows, columns) · P patch
 */
import { ShapeError } from "../base/errors.js";

export type DType = "f32" | "i32";

/** A dense tensor in row-major order on the host. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export interface FloatTensor extends Tensor {
  readonly data: Float32Array;
}

export const dtypeOf = (tensor: Tensor): DType => (tensor.data instanceof Float32Array ? "f32" : "i32");

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A tensor over `data`, after checking that the shape covers it exactly. */
export function tensor<D extends Float32Array | Int32Array>(
  shape: readonly number[],
  data: D,
): { readonly shape: readonly number[]; readonly data: D } {
  if (sizeOf(shape) !== data.length)
    throw new ShapeError("tensor", `shape [${shape}] does not cover ${data.length} numbers`);
  return { shape, data };
}

export const f32 = (shape: readonly number[], values: ArrayLike<number>) => tensor(shape, Float32Array.from(values));
export const i32 = (shape: readonly number[], values: ArrayLike<number>) => tensor(shape, Int32Array.from(values));
