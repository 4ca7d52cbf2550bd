/** Windows of frames, in float64. */

/** The periodic Hann window, 0.5 - 0.5 cos(2πn/size). */
export const hann = (size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));

/** Kaldi's window, (0.5 - 0.5 cos(2πn/(size-1)))^0.85. */
export const povey = (size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, n) => (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (size - 1))) ** 0.85);
