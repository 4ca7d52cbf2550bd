/** The discrete Fourier transform of any length whose prime factors are small: frames of audio have 400 or 1920 samples. */

/** A transform of one length, with its table. */
export interface Fourier {
  readonly size: number;
  /** |X|² of the bins 0 … size/2 of real numbers; shorter input counts as followed by zeros. */
  power(samples: ArrayLike<number>): Float64Array;
}

/** Cooley and Tukey (1965), mixed radix, in float64. */
export function fourier(size: number): Fourier {
  const cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sin = Float64Array.from({ length: size }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const re = new Float64Array(size);
  const im = new Float64Array(size);

  const radices = factorsOf(size);
  const [partRe, partIm] = [new Float64Array(Math.max(1, ...radices)), new Float64Array(Math.max(1, ...radices))];

  /** Transforms the n samples at start, start + stride, … into re and im at `to`; n is what the radices from `level` on multiply to. */
  const transform = (samples: ArrayLike<number>, level: number, start: number, n: number, to: number): void => {
    const stride = size / n;
    if (n === 1) {
      re[to] = start < samples.length ? samples[start]! : 0;
      im[to] = 0;
      return;
    }
    const radix = radices[level]!;
    const m = n / radix;
    for (let r = 0; r < radix; r++) transform(samples, level + 1, start + r * stride, m, to + r * m);
    if (radix === 2) return pairs(to, m, stride);
    for (let k = 0; k < m; k++) {
      for (let r = 0; r < radix; r++) {
        partRe[r] = re[to + r * m + k]!;
        partIm[r] = im[to + r * m + k]!;
      }
      for (let q = 0; q < radix; q++) {
        let sumRe = 0;
        let sumIm = 0;
        for (let r = 0; r < radix; r++) {
          const at = (r * (k + q * m) * stride) % size;
          sumRe += partRe[r]! * cos[at]! - partIm[r]! * sin[at]!;
          sumIm += partRe[r]! * sin[at]! + partIm[r]! * cos[at]!;
        }
        re[to + q * m + k] = sumRe;
        im[to + q * m + k] = sumIm;
      }
    }
  };

  /** The same for a radix of 2, whose second factor is the first one's negative: most of the work. */
  const pairs = (to: number, m: number, stride: number): void => {
    for (let k = 0; k < m; k++) {
      const first = to + k;
      const second = first + m;
      const at = k * stride;
      const turnedRe = re[second]! * cos[at]! - im[second]! * sin[at]!;
      const turnedIm = re[second]! * sin[at]! + im[second]! * cos[at]!;
      re[second] = re[first]! - turnedRe;
      im[second] = im[first]! - turnedIm;
      re[first]! += turnedRe;
      im[first]! += turnedIm;
    }
  };

  return {
    size,
    power(samples) {
      transform(samples, 0, 0, size, 0);
      const out = new Float64Array(Math.floor(size / 2) + 1);
      for (let k = 0; k < out.length; k++) out[k] = re[k]! ** 2 + im[k]! ** 2;
      return out;
    },
  };
}

/** The prime factors, smallest first. */
function factorsOf(n: number): number[] {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return [factor, ...factorsOf(n / factor)];
  return n > 1 ? [n] : [];
}
