/**
 * Randomness is addressed, not streamed: a draw is a pure function of what it decides, (seed, item, position, purpose),
 * so a result does not depend on batch size, decoding order, speculation or a resume after a crash.
 *
 * The generator is Philox 4x32 with 10 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", §4):
 * a keyed bijection of 128-bit counters. Key: the 64 bits of the seed. Counter: item, position, purpose, index of the draw.
 */

/** What a draw is for. The numbers are part of every result: never renumber, only append. */
export const PURPOSE = {
  token: 0,
  acceptance: 1,
  residual: 2,
  draft: 3,
  order: 4,
  noise: 5,
  confidence: 6,
  excitation: 20,
} as const;
export type Purpose = keyof typeof PURPOSE;

/** Where a draw belongs. `seed` 0 … 2^53-1; `item` is the index of the sample, whatever batch it runs in. */
export interface Address {
  readonly seed: number;
  readonly item: number;
  readonly position: number;
  readonly purpose: Purpose;
}

/** The `index`-th uniform number in [0, 1) of that address, with 53 random bits. */
export function uniform({ seed, item, position, purpose }: Address, index = 0): number {
  const [a, b] = philox(item, position, PURPOSE[purpose], index, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0);
  return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
}

/**
 * `count` standard normal numbers of that address, those with the indices from `first` on (an even number). Pairs of uniform
 * numbers become pairs of normal ones by Box and Muller (1958).
 */
export function normals({ seed, item, position, purpose }: Address, count: number, first = 0): Float32Array {
  const out = new Float32Array(count);
  const keys = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0] as const;
  for (let i = 0; i < count; i += 2) {
    const [a, b, c, d] = philox(item, position, PURPOSE[purpose], (first + i) / 2, ...keys);
    const radius = Math.sqrt(-2 * Math.log(1 - ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53));
    const angle = 2 * Math.PI * (((c >>> 5) * 2 ** 26 + (d >>> 6)) / 2 ** 53);
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A number with the Gumbel distribution out of a uniform one in [0, 1), whose negative logarithm is an exponential draw. */
export const gumbel = (coin: number): number => -Math.log(Math.max(-Math.log1p(-coin), Number.MIN_VALUE));

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** Philox 4x32-10: four 32-bit words out of a counter (c0 … c3) and a key (k0, k1). */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): [number, number, number, number] {
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = highProduct(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of the product of two unsigned 32-bit integers, by 16-bit halves. */
function highProduct(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
}
