/** Weights of matrices in 8 bits with one float32 scale for each output: what a product of integers can take. */
import { ShapeError } from "../base/errors.js";

export interface QuantisedRows {
  /** [in, out], the matrix turned; -127 … 127. */
  readonly codes: Int8Array;
  /** [out]. */
  readonly scales: Float32Array;
}

/**
 * Rounds a matrix [out, in] to the nearest codes, each at most half a scale away. A scale is |max| / 127 of the weights of its
 * output. Throws ShapeError for weights that are not finite.
 */
export function quantiseRows(weights: Float32Array, [rows, width]: readonly [number, number]): QuantisedRows {
  const codes = new Int8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let most = 0;
    for (let at = start; at < start + width; at++) {
      const size = Math.abs(weights[at]!);
      if (!(size <= most)) most = size; // NaN, too
    }
    if (!Number.isFinite(most)) throw new ShapeError("quantiseRows", `row ${row} holds ${most}, which has no code`);
    scales[row] = most / 127;
    const factor = most === 0 ? 0 : 127 / most;
    // Math.round of it, in a third of the time.
    for (let i = 0; i < width; i++) codes[i * rows + row] = Math.trunc(weights[start + i]! * factor + 128.5) - 128;
  }
  return { codes, scales };
}
