/** The only decode loop of the library: plan, one pass, sample, accept; whatever the strategy and whatever the model. */
import { setImmediate } from "node:timers/promises";
import { ArgumentError } from "../../base/errors.js";
import type { Accepted, DrawContext, Draws, Forward, Sampler, Step, Strategy } from "./step.js";

export interface Usage {
  /** Passes through the model; the one over the condition counts. */
  readonly passes: number;
  /** Positions predicted, over all items; more than `accepted` when speculation failed. */
  readonly tried: number;
  /** Positions that became final, over all items. */
  readonly accepted: number;
}

export type DecodeEvent<T = number> =
  | {
      readonly type: "tokens-accept";
      /** What became final in this pass, an entry for each item. */
      readonly accepted: readonly Accepted<T>[];
      /** What stands for now at other positions, an entry for each item; empty for strategies that do not guess. */
      readonly guesses: readonly Accepted<T>[];
      readonly usage: Usage;
      /** Positions of all items together; fewer become final where items end early. */
      readonly most: number;
    }
  | {
      readonly type: "decode-end";
      /** All that became final, an array for each item. */
      readonly values: readonly (readonly T[])[];
      readonly usage: Usage;
    };

export interface DecodeOptions {
  /** Checked between passes; the reason of the signal is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes with `strategy`: one event per pass and a last one with all values. The model is borrowed: whoever opened it closes
 * it, also after a break or a failure.
 */
export async function* decode<T, P, D extends Draws<unknown>>(
  model: Forward<T, P>,
  strategy: Strategy<T, D>,
  sampler: Sampler<NoInfer<T>, P, D>,
  { signal }: DecodeOptions = {},
): AsyncGenerator<DecodeEvent<T>, void, void> {
  const { items, most, layout } = strategy;
  if (model.items !== items) throw new ArgumentError("strategy.items", `the model's ${model.items} items`, items);
  const values = Array.from({ length: items }, (): T[] => []);
  let usage: Usage = { passes: 0, tried: 0, accepted: 0 };

  for (let step = strategy.plan(); step; step = strategy.plan()) {
    signal?.throwIfAborted();
    const planned = step;
    const context: DrawContext<T> = {
      layout,
      drawnBefore: (position, item) => strategy.drawnBefore(position, item),
      history: (item, k) => before(planned, k, item, values[item]!),
    };
    const prediction = await model.forward(planned, sampler.guided(planned, context));
    const draws = await sampler.draws(planned, prediction, context);
    await sampled(draws, items, planned.fill.length);
    const accepted = strategy.accept(draws);
    accepted.forEach((final, item) => {
      final.positions.forEach((position, i) => {
        values[item]![position] = final.values[i]!;
      });
    });
    usage = {
      passes: usage.passes + 1,
      tried: usage.tried + items * planned.fill.length,
      accepted: usage.accepted + accepted.reduce((sum, final) => sum + final.values.length, 0),
    };
    const guesses = strategy.guesses?.() ?? [];
    yield { type: "tokens-accept", accepted, guesses, usage, most: items * most };
  }
  signal?.throwIfAborted();
  yield { type: "decode-end", values, usage };
}

/** Rows that are sampled without a break: some milliseconds. */
const AT_ONCE = 16;

/** Computes the draws of a large pass ahead, which are remembered, with breaks, so that nothing else in the process waits long. */
async function sampled(draws: Draws<unknown>, items: number, rows: number): Promise<void> {
  if (items * rows <= AT_ONCE) return;
  for (let n = 0; n < items * rows; n++) {
    if (n % AT_ONCE === 0) await setImmediate();
    draws.value(Math.floor(n / rows), n % rows);
  }
}

/** What is there when fill[k] is drawn: final values, and drafts before it where this pass feeds drafts. */
function before<T>(step: Step<T>, k: number, item: number, final: readonly T[]): readonly T[] {
  const line = final.slice();
  step.feed.forEach((position, i) => {
    if (position < step.fill[k]! && !step.absent?.[item]![i]) line[position] = step.values[item]![i]!;
  });
  return line.filter((value) => value !== undefined);
}
