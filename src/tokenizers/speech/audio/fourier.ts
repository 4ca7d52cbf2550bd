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

  /** Transforms the n samples at start, start + stride, … into re and im at `to`. */
  const transform = (samples: ArrayLike<number>, start: number, stride: number, n: number, to: number): void => {
    if (n === 1) {
      re[to] = samples[start] ?? 0;
      im[to] = 0;
      return;
    }
    const radix = smallestFactor(n);
    const m = n / radix;
    for (let r = 0; r < radix; r++) transform(samples, start + r * stride, stride * radix, m, to + r * m);
    const partRe = new Float64Array(radix);
    const partIm = new Float64Array(radix);
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

  return {
    size,
    power(samples) {
      transform(samples, 0, 1, size, 0);
      return Float64Array.from({ length: Math.floor(size / 2) + 1 }, (_, k) => re[k]! ** 2 + im[k]! ** 2);
    },
  };
}

function smallestFactor(n: number): number {
  for (let factor = 2; factor * factor <= n; factor++) if (n % factor === 0) return factor;
  return n;
}
