/** The only decode loop of the library: plan, one pass, sample, accept; whatever the strategy and whatever the model. */
import { setImmediate } from "node:timers/promises";
import { ArgumentError } from "../../base/errors.js";
import type { Sampler } from "./sampler.js";
import type { Accepted, Draws, Forward, Step, Strategy } from "./step.js";

export interface Usage {
  /** Passes through the model; the one over the condition counts. */
  readonly passes: number;
  /** Positions predicted, over all items; more than `accepted` when speculation failed. */
  readonly tried: number;
  /** Positions that became final, over all items. */
  readonly accepted: number;
}

export type DecodeEvent =
  | {
      readonly type: "tokens-accept";
      /** What became final in this pass, an entry for each item. */
      readonly accepted: readonly Accepted[];
      readonly usage: Usage;
      /** Positions of all items together; decoding is over when usage.accepted reaches it. */
      readonly total: number;
    }
  | { readonly type: "decode-end" /** [B][total] */; readonly ids: readonly Int32Array[]; readonly usage: Usage };

export interface DecodeOptions {
  /** Checked between passes; the reason of the signal is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decodes with `strategy`, one event a pass and a last one with all ids. The model is borrowed: whoever opened it closes it,
 * also after a break or a failure.
 */
export async function* decode(
  model: Forward,
  strategy: Strategy,
  sampler: Sampler,
  { signal }: DecodeOptions = {},
): AsyncGenerator<DecodeEvent, void, void> {
  const { items, total } = strategy;
  if (model.items !== items) throw new ArgumentError("strategy.items", `the model's ${model.items} items`, items);
  const ids = Array.from({ length: items }, () => new Int32Array(total).fill(UNKNOWN));
  let usage: Usage = { passes: 0, tried: 0, accepted: 0 };

  for (let step = strategy.plan(); step; step = strategy.plan()) {
    signal?.throwIfAborted();
    const planned = step;
    const prediction = await model.forward(planned);
    const draws = sampler.draws(planned, prediction, (item, k) => before(planned, k, item, ids[item]!));
    await sampled(draws, items, planned.fill.length);
    const accepted = strategy.accept(draws);
    accepted.forEach((final, item) => {
      final.positions.forEach((position, i) => {
        ids[item]![position] = final.ids[i]!;
      });
    });
    usage = {
      passes: usage.passes + 1,
      tried: usage.tried + items * planned.fill.length,
      accepted: usage.accepted + accepted.reduce((sum, final) => sum + final.ids.length, 0),
    };
    yield { type: "tokens-accept", accepted, usage, total: items * total };
  }
  signal?.throwIfAborted();
  yield { type: "decode-end", ids, usage };
}

const UNKNOWN = -1;

/** Rows that are sampled without a break: some milliseconds. */
const AT_ONCE = 16;

/** Computes the draws of a large pass ahead, which are remembered, with breaks, so that nothing else in the process waits long. */
async function sampled(draws: Draws, items: number, rows: number): Promise<void> {
  if (items * rows <= AT_ONCE) return;
  for (let n = 0; n < items * rows; n++) {
    if (n % AT_ONCE === 0) await setImmediate();
    draws.id(Math.floor(n / rows), n % rows);
  }
}

/** What is there when fill[k] is drawn: final ids, and drafts before it where this pass feeds drafts. */
function before(step: Step, k: number, item: number, final: Int32Array): number[] {
  const line = final.slice();
  step.feed.forEach((position, i) => {
    if (position < step.fill[k]!) line[position] = step.ids[item]![i]!;
  });
  return [...line].filter((id) => id !== UNKNOWN);
}
