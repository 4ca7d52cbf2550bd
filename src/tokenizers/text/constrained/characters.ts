/** Sets of characters, and the UTF-8 bytes that spell them. */
import type { Expression, Expressions } from "./expression.js";

/** Code points from first to last, inclusive. */
export type Range = readonly [first: number, last: number];

/** Disjoint and ascending. */
export type CharacterSet = readonly Range[];

/** All Unicode scalar values: no halves of surrogate pairs. */
export const ALL: CharacterSet = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
];

/** The set of any ranges, in any order. */
export function setOf(ranges: Iterable<Range>): CharacterSet {
  const out: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = out.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else if (first <= last) out.push([first, last]);
  }
  return out;
}

/** The characters of both. */
export function common(a: CharacterSet, b: CharacterSet): CharacterSet {
  return a.flatMap(([first, last]) =>
    b.flatMap(([from, to]): Range[] => {
      const [low, high] = [Math.max(first, from), Math.min(last, to)];
      return low <= high ? [[low, high]] : [];
    }),
  );
}

/** The characters that are not in the set. */
export function complement(set: CharacterSet): CharacterSet {
  const out: Range[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) out.push([next, first - 1]);
    next = last + 1;
  }
  out.push([next, 0x10ffff]);
  return common(out, ALL);
}

/** The last code point that takes 1, 2, 3, 4 bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** One character of the set, as bytes. */
export function characters(of: Expressions, set: CharacterSet): Expression {
  const parts: Expression[] = [];
  for (const [first, last] of common(set, ALL)) {
    let from = first;
    for (const end of LAST_OF_LENGTH) {
      if (from > Math.min(last, end)) continue;
      parts.push(spelled(of, [...utf8(from)], [...utf8(Math.min(last, end))]));
      from = end + 1;
    }
  }
  return of.choice(...parts);
}

/** All byte strings of one length from `low` to `high` whose bytes after the first are continuation bytes. */
function spelled(of: Expressions, low: readonly number[], high: readonly number[]): Expression {
  const [first, ...lows] = low as [number, ...number[]];
  const [last, ...highs] = high as [number, ...number[]];
  if (lows.length === 0) return of.byte(first, last);
  if (first === last) return of.sequence(of.byte(first), spelled(of, lows, highs));
  const least = lows.map(() => 0x80);
  const most = lows.map(() => 0xbf);
  const ragged = (bytes: readonly number[], full: readonly number[]) => bytes.some((byte, i) => byte !== full[i]);
  const parts: Expression[] = [];
  let [from, to] = [first, last];
  if (ragged(lows, least)) parts.push(of.sequence(of.byte(from++), spelled(of, lows, most)));
  if (ragged(highs, most)) parts.push(of.sequence(of.byte(to--), spelled(of, least, highs)));
  if (from <= to) parts.push(of.sequence(of.byte(from, to), spelled(of, least, most)));
  return of.choice(...parts);
}

const utf8 = (codePoint: number): Uint8Array => new TextEncoder().encode(String.fromCodePoint(codePoint));
