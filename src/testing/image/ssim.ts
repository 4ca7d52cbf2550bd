/** The structural similarity of two planes (Wang et al. 2004, doi 10.1109/TIP.2003.819861). */

const SIGMA = 1.5;
/** 3.5 σ, as scikit-image has it. */
const RADIUS = 5;
const [C1, C2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];

const WINDOW = (() => {
  const raw = Float64Array.from({ length: 2 * RADIUS + 1 }, (_, i) =>
    Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((w) => w / sum);
})();

/** Similarities under a Gaussian window around every pixel of two planes of values from 0 to 255; 1 where they are equal. */
export function ssimMap(a: Float64Array, b: Float64Array, width: number, height: number): Float64Array {
  const mean = (plane: Float64Array) => blurred(plane, width, height);
  const product = (p: Float64Array, q: Float64Array) => p.map((value, i) => value * q[i]!);
  const [meanA, meanB] = [mean(a), mean(b)];
  const [squareA, squareB, cross] = [mean(product(a, a)), mean(product(b, b)), mean(product(a, b))];
  return meanA.map((mA, i) => {
    const mB = meanB[i]!;
    const variances = squareA[i]! - mA * mA + squareB[i]! - mB * mB;
    const covariance = cross[i]! - mA * mB;
    return ((2 * mA * mB + C1) * (2 * covariance + C2)) / ((mA * mA + mB * mB + C1) * (variances + C2));
  });
}

/** The plane under the window, mirrored at its edges, rows first. */
function blurred(plane: Float64Array, width: number, height: number): Float64Array {
  const across = filtered(plane, width, height, 1, width);
  return filtered(across, height, width, width, 1);
}

/** Filters `lines` lines of `length` values: `step` lies between values of a line, `stride` between lines. */
function filtered(plane: Float64Array, length: number, lines: number, step: number, stride: number): Float64Array {
  const out = new Float64Array(plane.length);
  const from = Int32Array.from({ length: length + 2 * RADIUS }, (_, i) => step * reflected(i - RADIUS, length));
  for (let line = 0; line < lines; line++) {
    const base = line * stride;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (let k = 0; k <= 2 * RADIUS; k++) sum += WINDOW[k]! * plane[base + from[i + k]!]!;
      out[base + i * step] = sum;
    }
  }
  return out;
}

/** The place in a line that continues as in a mirror at either end: … 1 0 | 0 1 2 … */
function reflected(i: number, length: number): number {
  const at = ((i % (2 * length)) + 2 * length) % (2 * length);
  return at < length ? at : 2 * length - 1 - at;
}
