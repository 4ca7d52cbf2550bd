/** Euler's method for the flow, on the cosine schedule of CosyVoice (arXiv 2407.05407 §2.3.1), with classifier-free guidance. */
import type { FloatTensor } from "../../../engine/tensor.js";

/** Times of n steps and the end: 1 - cos(π/2 · k/n), k = 0 … n, in float32. */
export const cosineTimes = (steps: number): Float32Array =>
  Float32Array.from({ length: steps + 1 }, (_, k) => 1 - Math.cos(((Math.PI / 2) * k) / steps));

export interface EulerOptions {
  readonly times: ArrayLike<number>;
  /** w of (1 + w) · conditional - w · unconditional; 0 if velocities have one row only. */
  readonly guidance: number;
  /** Velocity at x and time t: as many numbers as x, or twice as many, the unconditional ones behind. */
  readonly velocity: (x: Float32Array, t: number, step: number) => Promise<FloatTensor["data"]>;
  readonly signal?: AbortSignal | undefined;
}

/** Where the flow carries `start`. */
export async function euler(start: Float32Array, options: EulerOptions): Promise<Float32Array> {
  const { times, guidance, velocity, signal } = options;
  const x = start.slice();
  for (let step = 0; step < times.length - 1; step++) {
    signal?.throwIfAborted();
    const [t, dt] = [times[step]!, times[step + 1]! - times[step]!];
    const v = await velocity(x, t, step);
    for (let i = 0; i < x.length; i++) {
      const guided = guidance > 0 ? (1 + guidance) * v[i]! - guidance * v[x.length + i]! : v[i]!;
      x[i]! += dt * guided;
    }
  }
  return x;
}
