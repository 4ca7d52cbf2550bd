/** Who sees whom while speech is streamed: a place sees its own chunk and all before it, so what was made stays as it is. */
import { HIDDEN } from "../../../engine/ops/attention.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";

/**
 * Added to scores of T places behind `past` others, whole chunks: [1, 1, T, past + T], 0 where column j lies before the end of row i's
 * chunk, else HIDDEN.
 */
export function chunkMask(T: number, chunk: number, past = 0): FloatTensor {
  const seen = past + T;
  const data = new Float32Array(T * seen);
  for (let i = 0; i < T; i++) {
    const end = past + (Math.floor(i / chunk) + 1) * chunk;
    data.fill(HIDDEN, Math.min(i * seen + end, (i + 1) * seen), (i + 1) * seen);
  }
  return tensor([1, 1, T, seen], data);
}
