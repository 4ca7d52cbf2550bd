/** Where a recording begins and ends to be heard. */

/** Frames of 25 ms, each 10 ms after the one before. */
const [FRAME, STEP] = [0.025, 0.01];

/**
 * The first sample that is heard and the one after the last: those of frames whose root mean square is less than `below` dB under
 * that of the loudest frame. [0, 0] for silence.
 */
export function heardSpan(
  samples: Float32Array,
  sampleRate: number,
  below: number,
): readonly [from: number, to: number] {
  const [frame, step] = [Math.max(1, Math.round(FRAME * sampleRate)), Math.max(1, Math.round(STEP * sampleRate))];
  const count = Math.max(1, Math.ceil((samples.length - frame) / step) + 1);
  const powers = Float64Array.from({ length: count }, (_, i) => {
    const part = samples.subarray(i * step, i * step + frame);
    return part.reduce((sum, x) => sum + x * x, 0) / part.length;
  });
  const loudest = powers.reduce((a, b) => Math.max(a, b), 0);
  if (loudest === 0) return [0, 0];
  const isHeard = (power: number) => power > loudest * 10 ** (-below / 10);
  return [powers.findIndex(isHeard) * step, Math.min(samples.length, powers.findLastIndex(isHeard) * step + frame)];
}
