/** Models whose answers are known exactly, in place of a network: logits are a function of the prefix. */

import type { Forward, Prediction, Step } from "../../src/core/decode/step.js";
import { tensor } from "../../src/engine/tensor.js";

/** Logits [V] of the next id after a prefix, for item `item`. */
export type Table = (prefix: readonly number[], item: number) => readonly number[];

/** Keeps what was fed, as a cache does: position p is predicted from what was fed at 0 … p-1. */
export function tableModel(items: number, table: Table, unconditional?: Table): Forward & { passes: number } {
  let fed: number[][] = Array.from({ length: items }, () => []);
  return {
    items,
    passes: 0,
    async forward(step: Step): Promise<Prediction> {
      this.passes++;
      fed = fed.map((line, item) => [...line.slice(0, step.keep as number), ...Array.from(step.values[item]!)]);
      const predict = (rows: Table) => {
        const logits = fed.flatMap((line, item) => step.fill.flatMap((p) => rows(line.slice(0, p), item)));
        const R = step.fill.length;
        return tensor([items, R, logits.length / items / R], Float32Array.from(logits));
      };
      return { conditional: predict(table), unconditional: unconditional ? predict(unconditional) : null };
    },
  };
}

/** Three ids; the distribution of the next depends on the last two. Row of probabilities for each pair, -1 standing for "nothing". */
export const markov = (prefix: readonly number[]): number[] => {
  const key = (prefix.at(-1) ?? 3) * 4 + (prefix.at(-2) ?? 3);
  const weights = [1 + (key % 3), 1 + ((key * 5) % 4), 1 + ((key * 7) % 5)];
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
};

export const markovLogits: Table = (prefix) => markov(prefix).map(Math.log);

/** Probability of every sequence of `length` ids over three, under `markov`. Index: the ids as digits in base 3. */
export function markovDistribution(length: number): number[] {
  const walk = (prefix: readonly number[], probability: number): number[] =>
    prefix.length === length
      ? [probability]
      : markov(prefix).flatMap((p, id) => walk([...prefix, id], probability * p));
  return walk([], 1);
}

/** Pearson's statistic of counts against probabilities; about k - 1 ± sqrt(2(k - 1)) when they agree. */
export function chiSquare(counts: readonly number[], distribution: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  return distribution.reduce((sum, p, i) => sum + (counts[i]! - total * p) ** 2 / (total * p), 0);
}
