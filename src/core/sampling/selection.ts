/**
 * Where a descending walk over float32 values crosses a limit, found by counting instead of sorting: a radix descent over
 * the bits, 11 + 11 + 10 of them, with only the values that share the leading ones. Linear, whatever k or p is.
 */
import { ArgumentError } from "../../base/errors.js";

export interface Crossing {
  /** The value at which the walk crosses the limit. */
  readonly floor: number;
  /** How many values equal to `floor` the walk takes until it has crossed, at least one. */
  readonly count: number;
}

/** Digits of a key from the leading one down: `key >> shift & mask`. */
const DIGITS = [
  { shift: 21, mask: 0x7ff },
  { shift: 10, mask: 0x7ff },
  { shift: 0, mask: 0x3ff },
] as const;

/**
 * Walks `values` from the largest down, adding up their `weights` (null: 1 each), until the sum exceeds `limit`.
 * If it never does (rounding), the walk ends at the smallest value, all of whose equals are taken.
 */
export function descend(values: Float32Array, weights: Float64Array | null, limit: number): Crossing {
  if (values.length === 0) throw new ArgumentError("values", "at least one value", values);
  const keys = orderedKeys(values);
  let level: readonly number[] | null = null; // indices of the values that share the digits chosen so far; null: all
  let above = 0; // weight of all that is larger

  for (const { shift, mask } of DIGITS) {
    const size: number = level ? level.length : values.length;
    sums.fill(0);
    counts.fill(0);
    for (let n = 0; n < size; n++) {
      const i = level ? level[n]! : n;
      const digit = (keys[i]! >> shift) & mask;
      sums[digit]! += weights === null ? 1 : weights[i]!;
      counts[digit]!++;
    }
    let chosen = -1;
    for (let digit = mask; digit >= 0; digit--) {
      if (counts[digit] === 0) continue;
      if (chosen >= 0) above += sums[chosen]!;
      chosen = digit;
      if (above + sums[digit]! > limit) break;
    }
    const next: number[] = [];
    for (let n = 0; next.length < counts[chosen]!; n++) {
      const i = level ? level[n]! : n;
      if (((keys[i]! >> shift) & mask) === chosen) next.push(i);
    }
    level = next;
  }

  const equals = level!; // in order of their indices
  let count = 0;
  do above += weights === null ? 1 : weights[equals[count]!]!;
  while (++count < equals.length && above <= limit);
  return { floor: values[equals[0]!]!, count };
}

// Used again by every walk: fresh arrays of this size, some for each token, cost more than the counting.
const sums = new Float64Array(0x800);
const counts = new Int32Array(0x800);
let keyed = new Int32Array();

/** Keys whose digits are in the order of the values. -0 counts as 0. The next walk overwrites them. */
function orderedKeys(values: Float32Array): Int32Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  if (keyed.length < values.length) keyed = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const own = bits[i] === -0x80000000 ? 0 : bits[i]!;
    keyed[i] = own ^ ((own >> 31) | -0x80000000); // negative: flip all, so that more negative is less; else set the top bit
  }
  return keyed;
}
