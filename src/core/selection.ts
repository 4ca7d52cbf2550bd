/**
 * Where a descending walk over float32 values crosses a limit, found by counting instead of sorting: a radix descent over
 * the bits, 11 + 11 + 10 of them, with only the values that share the leading ones. Linear, whatever k or p is.
 */
import { ExecutionError } from "../base/errors.js";

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
  if (values.length === 0) throw new ExecutionError("sampling", "there is nothing to choose from");
  const keys = orderedKeys(values);
  let level: Int32Array | null = null; // indices of the values that share the digits chosen so far; null: all
  let above = 0; // weight of all that is larger

  for (const { shift, mask } of DIGITS) {
    const size: number = level ? level.length : keys.length;
    const sums = new Float64Array(mask + 1);
    const counts = new Int32Array(mask + 1);
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
    const next = new Int32Array(counts[chosen]!);
    for (let n = 0, m = 0; m < next.length; n++) {
      const i = level ? level[n]! : n;
      if (((keys[i]! >> shift) & mask) === chosen) next[m++] = i;
    }
    level = next;
  }

  const equals = level!; // in order of their indices
  let count = 0;
  do above += weights === null ? 1 : weights[equals[count]!]!;
  while (++count < equals.length && above <= limit);
  return { floor: values[equals[0]!]!, count };
}

/** Keys whose digits are in the order of the values. -0 counts as 0. */
function orderedKeys(values: Float32Array): Int32Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const keys = new Int32Array(values.length);
  for (let i = 0; i < keys.length; i++) {
    const own = bits[i] === -0x80000000 ? 0 : bits[i]!;
    keys[i] = own ^ ((own >> 31) | -0x80000000); // negative: flip all, so that more negative is less; else set the top bit
  }
  return keys;
}
