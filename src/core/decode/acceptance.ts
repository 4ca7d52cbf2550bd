/**
 * Which drafts of a window stand: the rules of speculative Jacobi decoding (Teng et al. 2024, arXiv 2410.01699 §4.2).
 *
 * A window of L inputs is the last final id and L-1 drafts; output j is what the model says about the position behind input
 * j. A draft that stands makes the next output final, too, so that a pass gains 1 … L ids.
 */
import type { Purpose } from "../../base/random.js";
import { draw, type Law, probabilityOf } from "../sampling.js";

/** A guess at the id of a position. */
export interface Draft {
  readonly id: number;
  /** The law it was drawn from; null: it was set, which is a draw from the law that gives it probability 1. */
  readonly law: Law | null;
}

/** The draws of one item for the outputs of its window, j = 0 … L-1. */
export interface WindowDraws {
  /** The id that the coins of that position select. */
  id(j: number): number;
  law(j: number): Law;
  /** A fresh uniform number of that position and this pass. */
  coin(j: number, purpose: Purpose): number;
}

export interface Verdict {
  /** The ids gained, from output 0 on, at least one. */
  readonly gained: readonly number[];
  /** Drafts for the other outputs. */
  readonly drafts: readonly Draft[];
}

export type Rule = (drafts: readonly Draft[], draws: WindowDraws) => Verdict;

/**
 * The id of a draft decided against the law of its position (Leviathan et al. 2022, arXiv 2211.17192 §2.3): kept with
 * probability min(1, p/q), else drawn from the residual. Whatever law q the draft was drawn from, the id follows `law`.
 */
export function judge(
  draft: Draft,
  law: Law,
  accept: number,
  redraw: number,
): { readonly id: number; readonly stands: boolean } {
  const p = probabilityOf(law, draft.id);
  const q = draft.law ? probabilityOf(draft.law, draft.id) : 1;
  if (accept < Math.min(1, p / q)) return { id: draft.id, stands: true };
  return { id: draw(residual(law, draft), redraw), stands: false };
}

/** max(0, p - q), normalised: what a rejected draft is replaced from. p itself where nothing is left but rounding. */
export function residual(law: Law, draft: Draft): Law {
  const rest = draft.law
    ? without(law, draft.law)
    : law.probabilities.map((p, i) => (law.ids[i] === draft.id ? 0 : p));
  const sum = rest.reduce((a, b) => a + b, 0);
  return sum > 0 ? { ids: law.ids, probabilities: rest.map((p) => p / sum) } : law;
}

/**
 * coupled: a draft stands if it is what the coins of its position select under the law of this pass. Every id is then the one
 *   that next-token decoding gives for the same seed, because it hangs on the ids before it and on those coins alone.
 *
 * ratio: every draft is judged, also behind the first that falls, and its id, kept or redrawn, is the next draft with the law
 *   of this pass. The law of the result is the model's (tested), and drafts change as rarely as they can: a maximal
 *   coupling of one pass with the next (arXiv 2510.24211).
 *
 * ratio-redraw: the paper's own. Behind the first draft that falls everything is drawn anew from the laws of this pass.
 */
export const RULES = {
  coupled(drafts, { id }) {
    const ids = outputs(drafts, id);
    const fallen = drafts.findIndex((draft, i) => draft.id !== ids[i]);
    return divided(ids, fallen, () => null);
  },

  ratio(drafts, draws) {
    const judged = drafts.map((draft, j) =>
      judge(draft, draws.law(j), draws.coin(j, "acceptance"), draws.coin(j, "residual")),
    );
    const last = drafts.length;
    const ids = [...judged.map(({ id }) => id), draw(draws.law(last), draws.coin(last, "token"))];
    const fallen = judged.findIndex(({ stands }) => !stands);
    return divided(ids, fallen, draws.law);
  },

  "ratio-redraw"(drafts, draws) {
    const ids = outputs(drafts, (j) => draw(draws.law(j), draws.coin(j, "token")));
    for (const [j, draft] of drafts.entries()) {
      const { id, stands } = judge(draft, draws.law(j), draws.coin(j, "acceptance"), draws.coin(j, "residual"));
      ids[j] = id;
      if (!stands) return divided(ids, j, draws.law);
    }
    return divided(ids, -1, draws.law);
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

const outputs = (drafts: readonly Draft[], id: (j: number) => number): number[] =>
  Array.from({ length: drafts.length + 1 }, (_, j) => id(j));

/** Ids up to and with output `fallen` are gained (all of them where no draft fell, -1), the others are drafts. */
function divided(ids: readonly number[], fallen: number, law: (j: number) => Law | null): Verdict {
  const count = fallen < 0 ? ids.length : fallen + 1;
  const drafts = ids.slice(count).map((id, i) => ({ id, law: law(count + i) }));
  return { gained: ids.slice(0, count), drafts };
}

/** max(0, p - q) over the ids of p, both ascending. */
function without(p: Law, q: Law): Float64Array {
  let at = 0;
  return p.probabilities.map((probability, i) => {
    const id = p.ids[i]!;
    while (at < q.ids.length && q.ids[at]! < id) at++;
    return Math.max(0, probability - (q.ids[at] === id ? q.probabilities[at]! : 0));
  });
}
