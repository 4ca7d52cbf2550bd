/**
 * How long a backtracking expression may take. One that repeats within a repetition, as (a+)+, takes exponential time on some texts;
 * without that, an alternative with k repetitions takes at most n^k steps from each of the n places of a text.
 */

/** On a short text n^3 steps are few. */
const MOST_REPETITIONS = 2;

/** Repetitions up to a count this small multiply the time by no more. */
const SMALL_COUNT = 8;

/** Whether the expression, in JavaScript's syntax, takes no more than cubic time. It may say no where yes is true. */
export function isTame(source: string): boolean {
  const open: number[] = []; // repetitions before each group that is open
  let repetitions = 0; //       of this alternative of the whole expression
  let inside = 0; //            of the item that was read last
  for (let at = 0; at < source.length; ) {
    const c = source[at]!;
    const quantifier = /^(?:[*+]|\{(\d+)(?:,(\d*))?\})/.exec(source.slice(at, at + 16));
    if (quantifier) {
      const [whole, low, high] = quantifier;
      const most = low === undefined || high === "" ? Number.POSITIVE_INFINITY : Number(high ?? low);
      if (most > SMALL_COUNT) {
        if (inside > 0 || ++repetitions > MOST_REPETITIONS) return false;
        inside++;
      }
      at += whole.length;
      if (source[at] === "?") at++; // lazy
    } else if (c === "(") {
      open.push(repetitions);
      at++;
      if (source[at] === "?") at += 2; // of (?: (?= and the like, whose sign is no quantifier
    } else if (c === ")") {
      inside = repetitions - open.pop()!;
      at++;
    } else if (c === "?") {
      at++;
    } else {
      if (c === "|" && open.length === 0) repetitions = 0;
      inside = 0;
      at = c === "\\" ? at + 2 : c === "[" ? endOfClass(source, at) : at + 1;
    }
  }
  return true;
}

/** Behind the class that opens at `start`; with the v flag, classes hold classes. */
function endOfClass(source: string, start: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "[") depth++;
    else if (source[at] === "]" && --depth === 0) return at + 1;
  }
  return source.length;
}
