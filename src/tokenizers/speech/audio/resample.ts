/**
 * Another sample rate by windowed-sinc interpolation, as torchaudio's Resample does it by default: a sinc cut at 0.99 of the lower
 * Nyquist frequency under a Hann window of six of its periods on either side.
 */

const PERIODS = 6;
const ROLLOFF = 0.99;

/** The samples at `to` a second instead of `from`; ceil(length · to / from) of them. */
export function resampled(samples: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return samples;
  const common = divisor(from, to);
  const [down, up] = [from / common, to / common];
  const base = Math.min(down, up) * ROLLOFF;
  const width = Math.ceil((PERIODS * down) / base);
  const taps = 2 * width + down;
  // One filter for each of the `up` places that the result can have between two samples.
  const filters = Array.from({ length: up }, (_, phase) =>
    Float64Array.from({ length: taps }, (_, k) => {
      const t = Math.min(Math.max((-phase / up + (k - width) / down) * base, -PERIODS), PERIODS);
      const window = Math.cos((t * Math.PI) / PERIODS / 2) ** 2;
      const sinc = t === 0 ? 1 : Math.sin(t * Math.PI) / (t * Math.PI);
      return (sinc * window * base) / down;
    }),
  );
  const out = new Float32Array(Math.ceil((samples.length * up) / down));
  for (let i = 0; i < out.length; i++) {
    const filter = filters[i % up]!;
    const start = Math.floor(i / up) * down - width;
    let sum = 0;
    for (let k = Math.max(0, -start); k < taps && start + k < samples.length; k++)
      sum += filter[k]! * samples[start + k]!;
    out[i] = sum;
  }
  return out;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
