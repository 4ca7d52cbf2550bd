/**
 * Weights of matrices in blocks of 32 along the input axis, each block with one float32 scale; symmetric, no zero points.
 *
 * The layout is that of ONNX Runtime's MatMulNBits: codes are stored plus 2^(bits-1), two 4-bit codes a byte with the
 * earlier one in the low half, the last block of a row padded by zeros.
 */
import { ShapeError } from "../base/errors.js";

export const BLOCK = 32;

export type Bits = 4 | 8;

export interface Quantised {
  readonly bits: Bits;
  /** [out, in] of the matrix. */
  readonly shape: readonly [number, number];
  /** [out, blocks, BLOCK · bits / 8]. */
  readonly packed: Uint8Array;
  /** [out, blocks]. */
  readonly scales: Float32Array;
}

export const blocksOf = (width: number): number => Math.ceil(width / BLOCK);

/**
 * Rounds a matrix [out, in] to the nearest codes. 8 bits: codes -127 … 127, error at most half a scale of |max| / 127.
 * 4 bits: codes -8 … 7, with the sign of the scale chosen so that the largest weight gets the code -8, exactly;
 * only a weight of opposite sign beyond 7.5 scales then errs by more than half a scale, and by at most one.
 * Throws ShapeError for weights that are not finite.
 */
export function quantise(weights: Float32Array, shape: readonly [number, number], bits: Bits): Quantised {
  const [rows, width] = shape;
  const blocks = blocksOf(width);
  const scales = new Float32Array(rows * blocks);
  const packed = new Uint8Array((rows * blocks * BLOCK * bits) / 8).fill(bits === 8 ? 128 : 0x88);
  for (let block = 0; block < rows * blocks; block++) {
    const row = Math.floor(block / blocks);
    const start = (block % blocks) * BLOCK;
    const length = Math.min(BLOCK, width - start);
    const first = row * width + start;
    let extreme = 0;
    for (let i = first; i < first + length; i++)
      if (!(Math.abs(weights[i]!) <= Math.abs(extreme))) extreme = weights[i]!;
    if (!Number.isFinite(extreme)) throw new ShapeError("quantise", `row ${row} holds ${extreme}, which has no code`);
    const scale = Math.fround(bits === 8 ? Math.abs(extreme) / 127 : extreme / -8);
    scales[block] = scale;
    if (scale === 0) continue;
    // Rounded by adding 128.5 and cutting off: as Math.round does it, in a fraction of its time.
    if (bits === 8) {
      for (let i = 0; i < length; i++)
        packed[block * BLOCK + i] = clampTo((weights[first + i]! / scale + 128.5) | 0, 1, 255);
    } else {
      for (let i = 0; i < length; i++) {
        const at = block * BLOCK + i;
        packed[at >> 1] = nibble(packed[at >> 1]!, at, clampTo((weights[first + i]! / scale + 8.5) | 0, 0, 15));
      }
    }
  }
  return { bits, shape, packed, scales };
}

const clampTo = (value: number, low: number, high: number) => (value < low ? low : value > high ? high : value);

const nibble = (byte: number, at: number, code: number) =>
  at % 2 === 0 ? (byte & 0xf0) | code : (byte & 0x0f) | (code << 4);

/** The matrix [out, in] that the codes stand for: what a quantised program multiplies by. */
export function dequantise({ bits, shape, packed, scales }: Quantised): Float32Array {
  const [rows, width] = shape;
  const blocks = blocksOf(width);
  const weights = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const at = row * blocks * BLOCK + i;
      const code = bits === 8 ? packed[at]! - 128 : ((packed[at >> 1]! >> (at % 2 ? 4 : 0)) & 15) - 8;
      weights[row * width + i] = code * scales[row * blocks + Math.floor(i / BLOCK)]!;
    }
  }
  return weights;
}
