/** Stages of sampling that a caller may add: see AddedStages. */
import { type Candidates, type DrawPoint, type Distribution, keepCandidates, softmax } from "./sampling.js";

/** Removes `ids`, at positions below `until` only where that is given: an end token, say, until an item is long enough. */
export const suppressed =
  (ids: Iterable<number>, until = Number.POSITIVE_INFINITY) =>
  (candidates: Candidates, { position }: DrawPoint): Candidates => {
    if (position >= until) return candidates;
    const gone = new Set(ids);
    return keepCandidates(candidates, (_, i) => !gone.has(candidates.ids[i]!));
  };

/** Adds a number to the logits of some ids. */
export const biased =
  (biases: ReadonlyMap<number, number>) =>
  ({ ids, logits }: Candidates): Candidates => ({
    ids,
    logits: logits.map((logit, i) => logit + (biases.get(ids[i]!) ?? 0)),
  });

/**
 * Lowers the logits of ids that the last `window` positions hold: by `presence` once, and by `frequency` for each time (the
 * penalties of OpenAI's API).
 */
export const penalised =
  (presence: number, frequency: number, window = Number.POSITIVE_INFINITY) =>
  ({ ids, logits }: Candidates, at: DrawPoint): Candidates => {
    const counts = new Map<number, number>();
    const history = at.history();
    for (const id of history.slice(Math.max(0, history.length - window))) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (counts.size === 0) return { ids, logits };
    const lowered = logits.map((logit, i) => {
      const count = counts.get(ids[i]!) ?? 0;
      return count === 0 ? logit : logit - presence - frequency * count;
    });
    return { ids, logits: lowered };
  };

/**
 * Repetition-aware sampling (VALL-E 2, arXiv 2406.05370 §3.2, as CosyVoice 2 uses it): an id that already fills at least
 * `threshold` of the last `window` positions is not taken but drawn again from all candidates. Both draws together are one
 * distribution: what such ids lose goes to all candidates in proportion to their full probabilities.
 */
export const repetitionAware =
  (window = 10, threshold = 0.1) =>
  (distribution: Distribution, at: DrawPoint, before: Candidates): Distribution => {
    const history = at.history();
    const counts = new Map<number, number>();
    for (const id of history.slice(Math.max(0, history.length - window))) counts.set(id, (counts.get(id) ?? 0) + 1);
    const again = (id: number) => (counts.get(id) ?? 0) >= window * threshold;
    let lost = 0;
    distribution.ids.forEach((id, i) => {
      if (again(id)) lost += distribution.probabilities[i]!;
    });
    if (lost === 0) return distribution;
    const probabilities = softmax(before.logits).map((p) => p * lost);
    const place = new Map(Array.from(before.ids, (id, i) => [id, i]));
    distribution.ids.forEach((id, i) => {
      if (!again(id)) probabilities[place.get(id)!]! += distribution.probabilities[i]!;
    });
    return { ids: before.ids.slice(), probabilities };
  };
