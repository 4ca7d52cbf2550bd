/** Whole numbers between bounds, as decimal texts without leading zeros. */
import type { Expression, Expressions } from "./expression.js";

const ZERO = 0x30;

/** The texts of the integers from `least` to `most`, both inclusive; null for no bound. */
export function integersFrom(of: Expressions, least: number | null, most: number | null): Expression {
  const parts: Expression[] = [];
  if (most === null || most >= 0) parts.push(naturals(of, Math.max(0, least ?? 0), most));
  if (least === null || least < 0) {
    const nearest = Math.max(1, most === null ? 1 : -most);
    parts.push(of.sequence(of.byte(0x2d), naturals(of, nearest, least === null ? null : -least)));
  }
  return of.choice(...parts);
}

/** The texts of the numbers from `least` ≥ 0 to `most`. */
function naturals(of: Expressions, least: number, most: number | null): Expression {
  if (most !== null && least > most) return of.none;
  const parts: Expression[] = [];
  const low = String(least);
  const high = most === null ? null : String(most);
  const digits = (from: number, to: number) => of.byte(ZERO + from, ZERO + to);
  for (let length = low.length; length <= (high ?? low).length; length++) {
    const from = length === low.length ? low : `1${"0".repeat(length - 1)}`;
    const to = high !== null && length === high.length ? high : "9".repeat(length);
    parts.push(between(of, from, to));
  }
  if (high === null)
    parts.push(of.sequence(digits(1, 9), of.repeat(digits(0, 9), low.length, Number.POSITIVE_INFINITY)));
  return of.choice(...parts);
}

/** The digit texts of one length from `low` to `high`. */
function between(of: Expressions, low: string, high: string): Expression {
  if (low === "") return of.empty;
  const [a, b] = [Number(low[0]), Number(high[0])];
  const [lows, highs] = [low.slice(1), high.slice(1)];
  const [zeros, nines] = ["0".repeat(lows.length), "9".repeat(lows.length)];
  const begun = (from: number, to: number, rest: Expression) =>
    from > to ? of.none : of.sequence(of.byte(ZERO + from, ZERO + to), rest);
  if (a === b) return begun(a, a, between(of, lows, highs));
  return of.choice(
    begun(a, a, between(of, lows, nines)),
    begun(a + 1, b - 1, of.repeat(of.byte(ZERO, ZERO + 9), lows.length, lows.length)),
    begun(b, b, between(of, zeros, highs)),
  );
}
