/**
 * Decoding in a fixed order of groups: all positions of a group are drawn in one pass, which feeds the group before it, and
 * see each other when they are fed in turn. Raster order (groups of one), NAR's diagonals and PAR's regions differ only in
 * their groups.
 */
import type { TokenLayout } from "./layout.js";
import type { Accepted, Draws, Step, Strategy } from "./step.js";

/** Decodes `items` items; `groups` holds each position 0 … most-1 once, and the first one is drawn from the condition. */
export function inGroups<T = number>(
  items: number,
  groups: readonly (readonly number[])[],
  layout: TokenLayout | null = null,
): Strategy<T, Draws<T>> {
  let next = 0; // the group to fill
  let fed = 0; // positions that the session holds
  let last: readonly (readonly T[])[] = Array.from({ length: items }, () => []); // values of the group before it
  return {
    ...{ items, layout },
    most: groups.reduce((sum, group) => sum + group.length, 0),
    drawnBefore: drawnBefore(groups),
    plan(): Step<T> | null {
      const fill = groups[next];
      if (!fill) return null;
      return { keep: fed, feed: groups[next - 1] ?? [], values: last, sight: "block", fill };
    },
    accept(draws): readonly Accepted<T>[] {
      const positions = groups[next]!;
      fed += groups[next - 1]?.length ?? 0;
      next++;
      last = Array.from({ length: items }, (_, item) => positions.map((_, k) => draws.value(item, k)));
      return last.map((values) => ({ positions, values }));
    },
  };
}

/** For each position, how many positions are final before the pass that draws it. */
function drawnBefore(groups: readonly (readonly number[])[]): (position: number) => number {
  const counts: number[] = [];
  let sum = 0;
  for (const group of groups) {
    for (const position of group) counts[position] = sum;
    sum += group.length;
  }
  return (position) => counts[position]!;
}
