/** Steps of networks that take their positions in order and predict what stands behind the entry that was fed before it. */
import { ArgumentError } from "../base/errors.js";
import { i32, type Tensor } from "../engine/tensor.js";
import type { Step } from "./decode/step.js";

/**
 * The slots that a pass predicts from, behind `known` positions that were fed before: [fill.length] rows of its `fresh` slots, the last of which are
 * those of the step. `begun` says whether the lead is in memory; if not, its last slot predicts position 0.
 *
 * @throws ArgumentError for positions out of order, and for those that no slot of the pass predicts.
 */
export function rowsInOrder<T>(step: Step<T>, known: number, begun: boolean, fresh: number): Tensor {
  checkInOrder(step, known, begun);
  const last = known + step.feed.length;
  return i32(
    [step.fill.length],
    step.fill.map((position) => fresh - 1 - (last - position)),
  );
}

/** Throws ArgumentError for a step with positions out of order, or with those that no slot of its pass predicts. */
export function checkInOrder<T>({ feed, fill }: Step<T>, known: number, begun: boolean): void {
  if (feed.some((position, i) => position !== known + i))
    throw new ArgumentError("step.feed", `positions from ${known} on, in order`, feed.join());
  const [first, last] = [known + (begun ? 1 : 0), known + feed.length];
  if (fill.some((position) => position < first || position > last))
    throw new ArgumentError("step.fill", `positions from ${first} to ${last}`, fill.join());
}
