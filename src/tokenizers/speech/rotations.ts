/** Rotary positions in a line (RoFormer, arXiv 2104.09864). */
import { type FloatTensor, tensor } from "../../engine/tensor.js";

/** cos and sin of place · base^(-2i/D) for the places `from` to `from + T`: [T, D/2, 2]. */
export function rotationTable(T: number, headSize: number, { base = 10000, from = 0 } = {}): FloatTensor {
  const half = headSize / 2;
  const data = new Float32Array(T * headSize);
  for (let t = 0; t < T; t++) {
    for (let i = 0; i < half; i++) {
      const angle = (from + t) * base ** (-i / half);
      data[(t * half + i) * 2] = Math.cos(angle);
      data[(t * half + i) * 2 + 1] = Math.sin(angle);
    }
  }
  return tensor([T, half, 2], data);
}
