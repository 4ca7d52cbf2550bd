/** A model that sees in both directions: three bits whose joint probabilities are known, each predicted from those that are there. */
import type { Forward } from "../../../../src/core/decode/step.js";
import { passesOf, type Schedule } from "../../../../src/core/decode/masked/schedules.js";
import { f32 } from "../../../../src/engine/tensor.js";

const JOINT = [0.2, 0.05, 0.15, 0.02, 0.08, 0.22, 0.03, 0.25];
export const BITS = 3;

/** Bits by position, null where masked. */
type Known = readonly (number | null)[];

const bitsOf = (index: number): number[] => Array.from({ length: BITS }, (_, position) => (index >> position) & 1);

/** The probability that these bits are what is known. */
const weight = (known: Known): number =>
  JOINT.reduce((sum, p, index) => {
    return known.every((bit, position) => bit === null || bit === bitsOf(index)[position]) ? sum + p : sum;
  }, 0);

const chanceOfOne = (known: Known, position: number): number => weight(known.with(position, 1)) / weight(known);

/** The probability of all bits. */
export const joint = (bits: readonly number[]): number => weight(bits);

export function bitModel(items: number): Forward {
  return {
    items,
    async forward({ feed, values, absent, fill }) {
      const logits = values.flatMap((line, item) => {
        const known = Array<number | null>(BITS).fill(null);
        feed.forEach((position, i) => {
          if (!absent?.[item]![i]) known[position] = line[i]!;
        });
        return fill.flatMap((position) => {
          const p = chanceOfOne(known.with(position, null), position);
          return [Math.log(1 - p), Math.log(p)];
        });
      });
      return { conditional: f32([items, fill.length, 2], logits), unconditional: null };
    },
  };
}

/**
 * The probability of all bits when passes draw every masked bit by itself, at temperatures that change from pass to pass, and keep
 * those whose draws were the most probable; of equals the first.
 */
export function lawOfTheSurest(
  bits: readonly number[],
  passes: number,
  schedule: Schedule,
  temperature: (progress: number) => number,
): number {
  const planned = passesOf(BITS, passes, schedule);
  const from = (known: Known, at: number): number => {
    const pass = planned[at];
    if (!pass) return known.every((bit, position) => bit === bits[position]) ? 1 : 0;
    const open = known.flatMap((bit, position) => (bit === null ? [position] : []));
    const ones = open.map((position) => {
      const power = 1 / temperature(pass.progress);
      const p = chanceOfOne(known, position) ** power;
      return p / (p + (1 - chanceOfOne(known, position)) ** power);
    });
    let sum = 0;
    for (let drawn = 0; drawn < 2 ** open.length; drawn++) {
      const sure = ones.map((p, i) => ((drawn >> i) & 1 ? p : 1 - p));
      const order = open.map((_, i) => i).sort((a, b) => sure[b]! - sure[a]!);
      const kept = order.slice(0, open.length - pass.masked);
      const next = kept.reduce<Known>((line, i) => line.with(open[i]!, (drawn >> i) & 1), known);
      sum += sure.reduce((product, p) => product * p, 1) * from(next, at + 1);
    }
    return sum;
  };
  return from(Array<null>(BITS).fill(null), 0);
}
