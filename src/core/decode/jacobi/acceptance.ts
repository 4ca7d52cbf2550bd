/**
 * Which drafts of a window stand: the rules of speculative Jacobi decoding (Teng et al. 2024, arXiv 2410.01699 §4.2).
 *
 * A window of L inputs is the last final id and L-1 drafts; output j is what the model says about the position after input
 * j. A draft that stands makes the next output final, too, so that a pass gains 1 … L ids.
 */
import type { Purpose } from "../../../base/random.js";
import { draw, type Distribution, probabilityOf } from "../../sampling/sampling.js";

/** A guess at the id of a position. */
export interface Draft {
  readonly id: number;
  /** The distribution it was drawn from; null: it was set, which is a draw from the distribution that gives it probability 1. */
  readonly distribution: Distribution | null;
}

/** The draws of one item for the outputs of its window, j = 0 … L-1. */
export interface WindowDraws {
  /** The id that the coins of that position select. */
  id(j: number): number;
  distribution(j: number): Distribution;
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
 * The id of a draft decided against the distribution of its position (Leviathan et al. 2022, arXiv 2211.17192 §2.3): kept with
 * probability min(1, p/q), else drawn from the residual. Whatever distribution q the draft was drawn from, the id follows `distribution`.
 */
export function judge(
  draft: Draft,
  distribution: Distribution,
  accept: number,
  redraw: number,
): { readonly id: number; readonly stands: boolean } {
  const p = probabilityOf(distribution, draft.id);
  const q = draft.distribution ? probabilityOf(draft.distribution, draft.id) : 1;
  if (accept < Math.min(1, p / q)) return { id: draft.id, stands: true };
  return { id: draw(residual(distribution, draft), redraw), stands: false };
}

/** max(0, p - q), normalised: what a rejected draft is replaced from. p itself where nothing is left but rounding. */
export function residual(distribution: Distribution, draft: Draft): Distribution {
  const rest = draft.distribution
    ? without(distribution, draft.distribution)
    : distribution.probabilities.map((p, i) => (distribution.ids[i] === draft.id ? 0 : p));
  const sum = rest.reduce((a, b) => a + b, 0);
  return sum > 0 ? { ids: distribution.ids, probabilities: rest.map((p) => p / sum) } : distribution;
}

/**
 * coupled: a draft stands if it is what the coins of its position select under the distribution of this pass. Every id is then the one
 *   that next-token decoding gives for the same seed, because it depends only on the preceding ids and on those coins.
 *
 * ratio: every draft is judged, also after the first that falls, and its id, kept or redrawn, is the next draft with the distribution
 *   of this pass. The distribution of the result is the model's (tested), and drafts change as rarely as they can: a maximal
 *   coupling of one pass with the next (arXiv 2510.24211).
 *
 * ratio-redraw: the paper's own. Behind the first draft that falls everything is drawn anew from the distributions of this pass.
 */
export const RULES = {
  coupled(drafts, { id }) {
    const ids = outputs(drafts, id);
    const fallen = drafts.findIndex((draft, i) => draft.id !== ids[i]);
    return divided(ids, fallen, () => null);
  },

  ratio(drafts, draws) {
    const judged = drafts.map((draft, j) =>
      judge(draft, draws.distribution(j), draws.coin(j, "acceptance"), draws.coin(j, "residual")),
    );
    const last = drafts.length;
    const ids = [...judged.map(({ id }) => id), draw(draws.distribution(last), draws.coin(last, "token"))];
    const fallen = judged.findIndex(({ stands }) => !stands);
    return divided(ids, fallen, draws.distribution);
  },

  "ratio-redraw"(drafts, draws) {
    const ids = outputs(drafts, (j) => draw(draws.distribution(j), draws.coin(j, "token")));
    for (const [j, draft] of drafts.entries()) {
      const { id, stands } = judge(
        draft,
        draws.distribution(j),
        draws.coin(j, "acceptance"),
        draws.coin(j, "residual"),
      );
      ids[j] = id;
      if (!stands) return divided(ids, j, draws.distribution);
    }
    return divided(ids, -1, draws.distribution);
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

const outputs = (drafts: readonly Draft[], id: (j: number) => number): number[] =>
  Array.from({ length: drafts.length + 1 }, (_, j) => id(j));

/** Ids up to and with output `fallen` are gained (all of them where no draft fell, -1), the others are drafts. */
function divided(ids: readonly number[], fallen: number, distribution: (j: number) => Distribution | null): Verdict {
  const count = fallen < 0 ? ids.length : fallen + 1;
  const drafts = ids.slice(count).map((id, i) => ({ id, distribution: distribution(count + i) }));
  return { gained: ids.slice(0, count), drafts };
}

/** max(0, p - q) over the ids of p, both ascending. */
function without(p: Distribution, q: Distribution): Float64Array {
  let at = 0;
  return p.probabilities.map((probability, i) => {
    const id = p.ids[i]!;
    while (at < q.ids.length && q.ids[at]! < id) at++;
    return Math.max(0, probability - (q.ids[at] === id ? q.probabilities[at]! : 0));
  });
}
