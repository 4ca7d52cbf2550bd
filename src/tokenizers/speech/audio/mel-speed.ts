/** Faster or slower speech: frames of mel nearer together or further apart, so that the pitch stays what it is. */
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import type { Ending } from "../ending.js";

export interface MelSpeed {
  /** Takes the next frames [1, mels, n]; gives those that lie between known ones; after "final", all. */
  push(mel: FloatTensor, ending: Ending): FloatTensor;
}

/** Frame j of the result is what stands at j · speed, linearly between two frames. */
export function melSpeed(mels: number, speed: number): MelSpeed {
  if (speed === 1) return { push: (mel) => mel };
  const columns: Float32Array[] = [];
  let next = 0;
  return {
    push({ shape, data }, ending) {
      const n = shape[2]!;
      for (let t = 0; t < n; t++) columns.push(Float32Array.from({ length: mels }, (_, c) => data[c * n + t]!));
      const out: Float32Array[] = [];
      const end = ending === "final" ? columns.length : columns.length - 1;
      for (; next * speed < end; next++) {
        const before = columns[Math.floor(next * speed)]!;
        const after = columns[Math.floor(next * speed) + 1] ?? before;
        const share = (next * speed) % 1;
        out.push(before.map((x, c) => x + (after[c]! - x) * share));
      }
      const result = new Float32Array(mels * out.length);
      out.forEach((column, t) => column.forEach((x, c) => (result[c * out.length + t] = x)));
      return tensor([1, mels, out.length], result);
    },
  };
}
