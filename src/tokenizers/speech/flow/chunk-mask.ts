/** Who sees whom while speech is streamed: a place sees its own chunk and all before it, so what was made stays as it is. */
import { HIDDEN } from "../../../engine/ops/attention.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";

/** Added to scores: [1, 1, T, T], 0 where column j lies before the end of row i's chunk, else HIDDEN. */
export function chunkMask(T: number, chunk: number): FloatTensor {
  const data = new Float32Array(T * T);
  for (let i = 0; i < T; i++) {
    const end = (Math.floor(i / chunk) + 1) * chunk;
    data.fill(HIDDEN, Math.min(i * T + end, (i + 1) * T), (i + 1) * T);
  }
  return tensor([1, 1, T, T], data);
}
