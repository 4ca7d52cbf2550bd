/**
 * Decoding around what is there already: some positions keep the ids of a given picture, the others are drawn, in whatever
 * order a strategy has. Next-scale in-paints, out-paints and edits by it (VAR, arXiv 2404.02905 §5.3), and so does iterative unmasking,
 * which sees all that is kept from its first pass on (MaskGIT, arXiv 2202.04200 §4.3). Other orders see only what they have passed: what
 * is drawn then continues the kept cells before it, and does not know those after.
 */
import { check } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { certain } from "../sampling/sampling.js";
import type { Given, Strategy, TokenDraws } from "./step.js";

export type { Given };

/**
 * The strategy, except that kept positions have no other choice than their ids. The draws of the others are those they are
 * without it, as far as their distributions are the same.
 *
 * @throws ArgumentError for ids that are not as many as the strategy's items and positions, or flags that are none.
 */
export function keeping<T>(strategy: Strategy<T, TokenDraws>, given: Given): Strategy<T, TokenDraws> {
  const { ids, keep } = given;
  const { items, most } = strategy;
  if (ids.length !== items || ids.some((line) => line.length !== most))
    throw new ArgumentError("given.ids", `${items} lines of ${most} ids`, described(`${ids.length} lines`));
  check("given.keep", `${most} flags that are 0 or 1`, Array.from(keep), (flags) => {
    return flags.length === most && flags.every((flag) => flag === 0 || flag === 1);
  });
  if (strategy.around) return strategy.around(given);
  let fill: readonly number[] = []; // positions of the pass that was planned
  const kept = (item: number, k: number): number | null => {
    const position = fill[k]!;
    return keep[position] === 1 ? ids[item]![position]! : null;
  };
  return {
    ...strategy,
    plan() {
      const step = strategy.plan();
      fill = step?.fill ?? [];
      return step;
    },
    accept: (draws) =>
      strategy.accept({
        value: (item, k) => kept(item, k) ?? draws.value(item, k),
        distribution(item, k) {
          const id = kept(item, k);
          return id === null ? draws.distribution(item, k) : certain(id);
        },
        logit: (item, k, id) => (kept(item, k) === null ? draws.logit(item, k, id) : Number.POSITIVE_INFINITY),
        coin: (item, position, purpose, index) => draws.coin(item, position, purpose, index),
      }),
  };
}
