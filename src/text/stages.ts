/** Stages of sampling that a request for a text adds. */
import { type AddedStages, type Candidates, keepCandidates, repetition } from "../core/sampling/sampling.js";
import { biased, penalised, suppressed } from "../core/sampling/stages.js";
import type { TokenConstraint } from "../tokenizers/text/constrained/constraint.js";

type FirstStage = NonNullable<AddedStages["first"]>[number];

export interface StageSettings {
  readonly repetitionPenalty: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly logitBias: ReadonlyMap<number, number>;
  readonly constraint: TokenConstraint | null;
}

/**
 * repetition penalty (which counts the prompt, too, as transformers does) -> presence, frequency -> logit bias -> ids that name
 * nothing -> constraint. Stages that change nothing are left out.
 */
export function textStages(
  { repetitionPenalty, presencePenalty, frequencyPenalty, logitBias, constraint }: StageSettings,
  prompt: readonly number[],
  unused: readonly number[],
): AddedStages {
  const first: FirstStage[] = [];
  if (repetitionPenalty !== 1)
    first.push((candidates, at) => repetition(repetitionPenalty, [...prompt, ...at.history()])(candidates));
  if (presencePenalty !== 0 || frequencyPenalty !== 0) first.push(penalised(presencePenalty, frequencyPenalty));
  if (logitBias.size > 0) first.push(biased(logitBias));
  if (unused.length > 0) first.push(suppressed(unused));
  if (constraint) first.push(constrainedBy(constraint));
  return { first };
}

/**
 * Only ids that the constraint allows. Drafts of a speculative strategy may break it: what is drawn after them is
 * dropped with them, so that it does not matter.
 */
function constrainedBy(constraint: TokenConstraint): FirstStage {
  return (candidates, at): Candidates => {
    let state = constraint.start;
    for (const id of at.history()) if (state >= 0) state = constraint.after(state, id);
    if (state < 0) return candidates;
    const mask = constraint.allowed(state);
    return keepCandidates(candidates, (_, i) => mask.has(candidates.ids[i]!));
  };
}
