/**
 * Best of several: a run draws some candidates of each item and keeps the one that its model prefers. Candidate `c` of item `i` is item
 * `i * count + c` of the seed: reproducible, and the same whatever batch it comes to be in.
 */
import { check, isIntegerIn } from "../base/check.js";
import type { Making, Pass, Progress } from "./generate.js";
import type { RunSettings } from "./settings.js";

/** How many candidates there were of an item, and which of them it is, from 0. */
export interface Choice {
  readonly count: number;
  readonly chosen: number;
}

const MOST_CANDIDATES = 16;

/** Checks a number of candidates and that all of them have numbers of their own. Throws ArgumentError. */
export function checkCandidates(candidates: number, { firstIndex }: RunSettings): number {
  check("candidates", `a whole number from 1 to ${MOST_CANDIDATES}`, candidates, isIntegerIn(1, MOST_CANDIDATES));
  const most = Math.floor((2 ** 31 - 1) / candidates) - 1000;
  check(
    "firstIndex",
    `at most ${most} for ${candidates} candidates`,
    firstIndex,
    (first) => candidates === 1 || first <= most,
  );
  return candidates;
}

/** The number among those of the seed that a candidate of an item is drawn by. */
export const numberOf = (item: number, { count, chosen }: Choice): number => item * count + chosen;

/**
 * Items of which each is the best of `count` rows of `making`, side by side. `choose` answers which of these rows it is, once all of
 * them are complete; only that one is finished.
 */
export function bestOf<Own, Item>(
  making: Making<Own, Item>,
  count: number,
  choose: (rows: readonly number[]) => Promise<number>,
): Making<Own, Item> {
  if (count === 1) return making;
  const rowsOf = (item: number) => Array.from({ length: count }, (_, candidate) => item * count + candidate);
  const items = <T>(rows: readonly T[], joined: (of: readonly T[]) => T): T[] =>
    Array.from({ length: rows.length / count }, (_, item) => joined(rowsOf(item).map((row) => rows[row]!)));
  const open = new Map<number, number>();
  /** Items all of whose candidates are complete with these rows. */
  const completed = (rows: readonly number[]): number[] =>
    rows.flatMap((row) => {
      const item = Math.floor(row / count);
      const left = (open.get(item) ?? count) - 1;
      open.set(item, left);
      return left === 0 ? [item] : [];
    });
  let known: number[] = [];
  return {
    async *passes() {
      for await (const { accepted, predicted, complete } of making.passes()) {
        known = accepted.map((tokens, row) => (known[row] ?? 0) + tokens);
        const pass: Pass = { accepted: items(accepted, sum), predicted };
        yield complete ? { ...pass, complete: completed(complete) } : pass;
      }
    },
    ...(making.shown && { shown: ({ forwardPasses }: Progress) => making.shown!({ known, forwardPasses }) }),
    finish: async (item) => making.finish(await choose(rowsOf(item))),
    close: () => making.close(),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
