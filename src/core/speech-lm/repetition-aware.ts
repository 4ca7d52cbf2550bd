/**
 * Repetition-aware sampling (VALL-E 2, arXiv 2406.05370 §4.1, as CosyVoice does it): a draw from the nucleus; where what it gives stood
 * among the last tokens already, a second draw from all others.
 */
import { softmax } from "../sampling/sampling.js";

export interface RepetitionAware {
  /** The nucleus: largest probabilities until their sum reaches topP, at most topK of them. */
  readonly topP: number;
  readonly topK: number;
  /** Tokens looked back on, and the share of them from which a token repeats itself. */
  readonly window: number;
  readonly share: number;
}

export const COSYVOICE_SAMPLING: RepetitionAware = { topP: 0.8, topK: 25, window: 10, share: 0.1 };

/** The id drawn. `coin` gives the uniform number of the first and, if need be, of the second draw. */
export function drawAware(
  logits: Float32Array,
  history: readonly number[],
  { topP, topK, window, share }: RepetitionAware,
  coin: (index: 0 | 1) => number,
): number {
  const p = softmax(logits);
  const order = [...p.keys()].sort((a, b) => p[b]! - p[a]! || a - b);
  const kept: number[] = [];
  for (let sum = 0; sum < topP && kept.length < topK && kept.length < order.length; ) {
    const id = order[kept.length]!;
    sum += p[id]!;
    kept.push(id);
  }
  const first = pick(kept, (id) => p[id]!, coin(0));
  const times = history.slice(-window).filter((id) => id === first).length;
  if (times < window * share) return first;
  const others = logits.slice();
  others[first] = Number.NEGATIVE_INFINITY;
  const q = softmax(others);
  return pick([...q.keys()], (id) => q[id]!, coin(1));
}

/** The first id in order at which the sum of weights exceeds `coin` of the total. */
function pick(ids: readonly number[], weight: (id: number) => number, coin: number): number {
  const total = ids.reduce((sum, id) => sum + weight(id), 0);
  let sum = 0;
  for (const id of ids) {
    sum += weight(id);
    if (sum > coin * total) return id;
  }
  return ids.findLast((id) => weight(id) > 0)!;
}
