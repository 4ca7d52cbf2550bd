/** How loud a recording is (ITU-R BS.1770-5, EBU R 128): integrated loudness, true peak, and the gain that brings one to a target. */
import { resampled } from "./resample.js";

/** Blocks of 400 ms, each 100 ms after the one before. */
const [BLOCK, STEP] = [0.4, 0.1];
/** Blocks below these do not count: an absolute one in LUFS, and one in LU below the mean of what passes the first. */
const [ABSOLUTE_GATE, RELATIVE_GATE] = [-70, -10];
/** In dB, so that a sine of 997 Hz has the loudness of its level. */
const OFFSET = -0.691;

/** y[n] = b0·x[n] + b1·x[n-1] + b2·x[n-2] - a1·y[n-1] - a2·y[n-2]. */
interface Biquad {
  readonly b: readonly [number, number, number];
  readonly a: readonly [number, number];
}

/**
 * The two filters of K-weighting, BS.1770 annex 1, as bilinear transforms of their analogue prototypes: the standard states numbers
 * for 48 kHz alone, and these give them there.
 */
function kWeighting(sampleRate: number): readonly Biquad[] {
  const shelf = { frequency: 1681.974450955533, gain: 3.999843853973347, q: 0.7071752369554196 };
  const highPass = { frequency: 38.13547087602444, q: 0.5003270373238773 };
  const poles = ({ frequency, q }: { frequency: number; q: number }) => {
    const k = Math.tan((Math.PI * frequency) / sampleRate);
    const scale = 1 + k / q + k * k;
    return { k, scale, a: [(2 * (k * k - 1)) / scale, (1 - k / q + k * k) / scale] as const };
  };
  const { k, scale, a } = poles(shelf);
  const high = 10 ** (shelf.gain / 20);
  const middle = high ** 0.4996667741545416;
  const b = [high + (middle * k) / shelf.q + k * k, 2 * (k * k - high), high - (middle * k) / shelf.q + k * k] as const;
  return [
    { b: [b[0] / scale, b[1] / scale, b[2] / scale], a },
    { b: [1, -2, 1], a: poles(highPass).a },
  ];
}

/**
 * Integrated loudness of one channel in LUFS; -Infinity for silence. Less than one block of 400 ms counts as one block. Rates below
 * 4 kHz have no room for the filters.
 */
export function integratedLoudness(samples: Float32Array, sampleRate: number): number {
  const powers = stepPowers(samples, sampleRate);
  const steps = Math.round(BLOCK / STEP);
  const blocks =
    powers.length < steps
      ? [mean(powers)]
      : Array.from({ length: powers.length - steps + 1 }, (_, i) => mean(powers.slice(i, i + steps)));
  const loud = blocks.filter((power) => loudnessOf(power) > ABSOLUTE_GATE);
  const gate = loudnessOf(mean(loud)) + RELATIVE_GATE;
  return loudnessOf(mean(loud.filter((power) => loudnessOf(power) > gate)));
}

const loudnessOf = (power: number): number => OFFSET + 10 * Math.log10(power);

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

/** Mean squares of the weighted samples in each whole step of 100 ms; of less than a block, in all of it. */
function stepPowers(samples: Float32Array, sampleRate: number): number[] {
  const size = Math.round(STEP * sampleRate);
  const whole = samples.length >= Math.round(BLOCK * sampleRate);
  const [first, second] = kWeighting(sampleRate).map(filter) as [(x: number) => number, (x: number) => number];
  const powers: number[] = [];
  let sum = 0;
  let count = 0;
  for (const x of samples) {
    sum += second(first(x)) ** 2;
    if (++count === size && whole) {
      powers.push(sum / size);
      [sum, count] = [0, 0];
    }
  }
  return whole ? powers : [sum / Math.max(count, 1)];
}

function filter({ b: [b0, b1, b2], a: [a1, a2] }: Biquad): (x: number) => number {
  // The transposed direct form: two numbers are remembered.
  let [z1, z2] = [0, 0];
  return (x) => {
    const y = b0 * x + z1;
    z1 = b1 * x - a1 * y + z2;
    z2 = b2 * x - a2 * y;
    return y;
  };
}

/** The highest place of the wave between samples, too, in dBTP: BS.1770 annex 2, four times oversampled. -Infinity for silence. */
export function truePeak(samples: Float32Array, sampleRate: number): number {
  let peak = 0;
  // In pieces with a little around them, so that a long recording is not held four times.
  const [piece, around] = [sampleRate, 16];
  for (let at = 0; at < samples.length; at += piece) {
    const from = Math.max(0, at - around);
    const finer = resampled(samples.subarray(from, at + piece + around), sampleRate, 4 * sampleRate);
    for (let i = 4 * (at - from); i < Math.min(finer.length, 4 * (at - from + piece)); i++)
      peak = Math.max(peak, Math.abs(finer[i]!));
  }
  return 20 * Math.log10(peak);
}
