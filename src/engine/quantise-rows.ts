/** Weights of matrices in 8 bits with one float32 scale for each output: what a product of integers can take. */
import { ShapeError } from "../base/errors.js";

export interface QuantisedRows {
  /** [in, out], the matrix turned; -127 … 127. */
  readonly codes: Int8Array;
  /** [out]. */
  readonly scales: Float32Array;
}

/** Outputs that are turned at a time, so that what is read and what is written stay in the cache. */
const STRIPE = 32;

/**
 * Rounds a matrix [out, in] to the nearest codes, each at most half a scale away. A scale is |max| / 127 of the weights of its
 * output. Throws ShapeError for weights that are not finite.
 */
export function quantiseRows(weights: Float32Array, [rows, width]: readonly [number, number]): QuantisedRows {
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const end = (row + 1) * width;
    let most = 0;
    for (let at = row * width; at < end; at++) if (!(Math.abs(weights[at]!) <= most)) most = Math.abs(weights[at]!);
    if (!Number.isFinite(most)) throw new ShapeError("quantiseRows", `row ${row} holds ${most}, which has no code`);
    scales[row] = most / 127;
  }
  const codes = new Int8Array(rows * width);
  for (let first = 0; first < rows; first += STRIPE) {
    const end = Math.min(rows, first + STRIPE);
    for (let i = 0; i < width; i++) {
      for (let row = first; row < end; row++) {
        const scale = scales[row]!;
        const code = scale === 0 ? 0 : Math.round(weights[row * width + i]! / scale);
        codes[i * rows + row] = Math.min(Math.max(code, -127), 127); // a scale of few bits may round to less than it should be
      }
    }
  }
  return { codes, scales };
}
