import { expect, test } from "vitest";
import { type Draft, judge, RULES, residual, type WindowDraws } from "../../../../src/core/decode/jacobi/acceptance.js";
import type { Distribution } from "../../../../src/core/sampling/sampling.js";

const distribution = (...probabilities: number[]): Distribution => ({
  ids: Int32Array.from(probabilities, (_, id) => id),
  probabilities: Float64Array.from(probabilities),
});
const sparse = (ids: number[], probabilities: number[]): Distribution => ({
  ids: Int32Array.from(ids),
  probabilities: Float64Array.from(probabilities),
});

test("a draft stands with probability min(1, p/q), strictly", () => {
  const draft: Draft = { id: 1, distribution: distribution(0.2, 0.8) };
  expect(judge(draft, distribution(0.6, 0.4), 0.4999, 0)).toEqual({ id: 1, stands: true });
  expect(judge(draft, distribution(0.6, 0.4), 0.5, 0)).toEqual({ id: 0, stands: false });
  expect(judge({ id: 1, distribution: null }, distribution(0.6, 0.4), 0.3999, 0).stands).toBe(true);
  expect(judge({ id: 1, distribution: null }, distribution(0.6, 0.4), 0.4, 0).stands).toBe(false);
  expect(judge({ id: 7, distribution: null }, distribution(0.6, 0.4), 0, 0).stands).toBe(false); // not among the ids that can be drawn
  expect(judge(draft, distribution(0.2, 0.8), 0.999999, 0).stands).toBe(true);
});

test("the residual is what the draft's distribution leaves of the position's, whatever ids each has", () => {
  const probabilities = (l: Distribution) => [...l.probabilities].map((p) => Math.round(p * 1e9) / 1e9);
  const p = sparse([2, 3, 5, 9], [0.1, 0.4, 0.3, 0.2]);
  expect(probabilities(residual(p, { id: 3, distribution: sparse([0, 3, 4, 9], [0.2, 0.5, 0.1, 0.2]) }))).toEqual([
    0.25, 0, 0.75, 0,
  ]);
  expect(probabilities(residual(p, { id: 3, distribution: null }))).toEqual(
    [1 / 6, 0, 0.5, 1 / 3].map((x) => Math.round(x * 1e9) / 1e9),
  );
  expect(residual(p, { id: 3, distribution: p })).toBe(p); // nothing is left: only rounding can have rejected the draft
});

/** Draws whose distributions are one id each, and coins that accept everything. */
const certain = (ids: readonly number[]): WindowDraws => ({
  id: (j) => ids[j]!,
  distribution: (j) => sparse([ids[j]!], [1]),
  coin: () => 0,
});
const set = (ids: readonly number[]): Draft[] => ids.map((id) => ({ id, distribution: null }));

test.each(Object.keys(RULES) as (keyof typeof RULES)[])("%s: what agrees is gained, and one more id", (name) => {
  const ids = (drafts: readonly Draft[]) => drafts.map(({ id }) => id);
  const none = RULES[name](set([7, 7]), certain([4, 5, 6]));
  expect([none.gained, ids(none.drafts)]).toEqual([[4], [5, 6]]);
  const one = RULES[name](set([4, 7]), certain([4, 5, 6]));
  expect([one.gained, ids(one.drafts)]).toEqual([[4, 5], [6]]);
  const all = RULES[name](set([4, 5]), certain([4, 5, 6]));
  expect([all.gained, all.drafts]).toEqual([[4, 5, 6], []]);
  expect(RULES[name]([], certain([3])).gained).toEqual([3]);
});

test("behind the first fall, ratio judges on and ratio-redraw draws anew", () => {
  const half = sparse([0, 1], [0.5, 0.5]);
  const draws: WindowDraws = {
    id: () => 0,
    distribution: () => half,
    coin: (j, purpose) => (purpose === "acceptance" && j === 0 ? 0.9 : purpose === "token" ? 0.9 : 0.1),
  };
  const drafts = set([0, 0]); // the first falls, the second stands where it is judged
  expect(RULES.ratio(drafts, draws)).toEqual({ gained: [1], drafts: [0, 1].map((id) => ({ id, distribution: half })) });
  expect(RULES["ratio-redraw"](drafts, draws)).toEqual({
    gained: [1],
    drafts: [1, 1].map((id) => ({ id, distribution: half })),
  });
});
