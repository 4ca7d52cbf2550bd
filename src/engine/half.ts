/** Half precision (IEEE 754 binary16). The way back is toFloats("f16", …) in weights/floats.ts. */

/** The bits of the nearest half-precision numbers, ties to even; beyond 65504 + 16 becomes infinite, as the standard says. */
export function toHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, halfOf);
}

/** By integer arithmetic on the bits of a single: sign, then exponent and fraction, which carry into one another rightly. */
function halfOf(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const rest = single & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00; // NaN
  if (rest >= 0x477ff000) return sign | 0x7c00; // 65520 and more: infinite
  if (rest >= 0x38800000) return sign | roundShift(rest - 0x38000000, 13); // normal: rebias by 127 - 15
  const exponent = rest >>> 23;
  if (exponent < 102) return sign; // below half of the least subnormal, 2^-24
  return sign | roundShift((rest & 0x7fffff) | 0x800000, 126 - exponent);
}

/** value / 2^shift, to the nearest integer, ties to even. */
function roundShift(value: number, shift: number): number {
  const floor = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return floor + (rest > half || (rest === half && floor % 2 === 1) ? 1 : 0);
}
