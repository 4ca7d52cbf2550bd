/** Frames of mel, and of any map [1, C, T], cut and put together. */
import { type FloatTensor, tensor } from "../../engine/tensor.js";

/** [1, C, n] and [1, C, m] one after the other. */
export function joined(a: FloatTensor, b: FloatTensor): FloatTensor {
  const [, C, n] = a.shape as [number, number, number];
  const m = b.shape[2]!;
  const data = new Float32Array(C * (n + m));
  for (let c = 0; c < C; c++) {
    data.set(a.data.subarray(c * n, (c + 1) * n), c * (n + m));
    data.set(b.data.subarray(c * m, (c + 1) * m), c * (n + m) + n);
  }
  return tensor([1, C, n + m], data);
}

/** The frames `from` to `to` of [1, C, T]. */
export function framesBetween({ shape, data }: FloatTensor, from: number, to: number): FloatTensor {
  const [, C, T] = shape as [number, number, number];
  if (from === 0 && to === T) return tensor(shape, data);
  const out = new Float32Array(C * (to - from));
  for (let c = 0; c < C; c++) out.set(data.subarray(c * T + from, c * T + to), c * (to - from));
  return tensor([1, C, to - from], out);
}
