/**
 * Items that end by themselves. The strategy goes on until every item has ended; what it draws for an item after its end is
 * dropped, so that no item depends on the lengths of the others.
 */
import type { Accepted, Strategy } from "./step.js";

/** Whether an item ends with this value; asked once for each position that became final, in the order of becoming so. */
export type Stop<T = number> = (value: T, at: { readonly item: number; readonly position: number }) => boolean;

/**
 * The strategy, except that an item is complete with the first value for which `stop` holds; that value is its last one. To keep
 * items from ending too early, suppress what ends them: see suppressed() in sampling/stages.ts.
 */
export function ending<T, D>(strategy: Strategy<T, D>, stop: Stop<T>): Strategy<T, D> {
  const ended = Array<boolean>(strategy.items).fill(false);
  return {
    ...strategy,
    ...(strategy.around && { around: (given) => ending(strategy.around!(given), stop) }),
    plan: () => (ended.every(Boolean) ? null : strategy.plan()),
    accept: (draws) =>
      strategy.accept(draws).map(({ positions, values }, item): Accepted<T> => {
        if (ended[item]) return { positions: [], values: [] };
        const last = values.findIndex((value, i) => stop(value, { item, position: positions[i]! }));
        ended[item] = last >= 0;
        const count = last < 0 ? values.length : last + 1;
        return { positions: positions.slice(0, count), values: values.slice(0, count) };
      }),
  };
}
