/**
 * Iterative unmasking (MaskGIT, arXiv 2202.04200 §3.2): each pass sees all that stands and predicts everything that is masked; some of it
 * becomes final, the rest is predicted again. For models that see in both directions. Positions may come in groups, one after the
 * other, such as the levels of an octree.
 *
 * Items go at their own pace, each as it would alone, so that the result is the same at any batch size. A pass feeds what stands in any
 * of them; see Step.absent.
 */
import { check } from "../../../base/check.js";
import { uniform } from "../../../base/random.js";
import {
  addressOf,
  type Draws,
  type Given,
  type ItemNumbers,
  type ItemSeeds,
  type Step,
  type Strategy,
  type TokenDraws,
} from "../step.js";
import type { GroupsOf } from "./group.js";
import { Line, type Rank } from "./line.js";

/** Ranks by which positions become final in an order of chance, another one for each item. */
export function randomRanks(seed: ItemSeeds, firstItem: ItemNumbers = 0): Rank {
  return (item, position) => uniform({ ...addressOf(seed, firstItem, item), position, purpose: "order" });
}

/**
 * Decodes at most `most` positions of each of `items` items, those of the groups that `groups` names. `rank` orders the positions
 * of groups where no confidence does. What is `given` stands from the first pass on, and the passes of a group open what is left of it.
 *
 * @throws ArgumentError where all positions are given.
 */
export function masked<T = number, D extends Draws<T> = Draws<T> & TokenDraws>(
  items: number,
  most: number,
  groups: GroupsOf<T, D>,
  rank: Rank = randomRanks(0),
  given: Given | null = null,
): Strategy<T, D> {
  const kept = given ? [...Array(most).keys()].filter((position) => given.keep[position] === 1) : [];
  check("given.keep", "at least one position to be drawn", kept.length, (count) => count < most);
  const lines = Array.from({ length: items }, (_, item) => {
    const values = kept.map((position) => given!.ids[item]![position] as T);
    return new Line(item, groups, rank, { positions: kept, values });
  });
  const anyAt = (position: number): T => lines.find(({ values }) => position in values)!.values[position]!;
  let fill: readonly number[] = [];
  return {
    ...{ items, most, layout: null },
    drawnBefore: (_, item = 0) => lines[item]!.standing,
    plan(): Step<T> | null {
      fill = union(lines.map((line) => line.fill));
      if (fill.length === 0) return null;
      const feed = union(lines.map(({ values }) => Object.keys(values).map(Number)));
      return {
        ...{ keep: 0, feed, sight: "block", fill },
        values: lines.map(({ values }) => feed.map((position) => values[position] ?? anyAt(position))),
        ...(items > 1 && { absent: lines.map(({ values }) => Uint8Array.from(feed, (p) => (p in values ? 0 : 1))) }),
        drawings: lines.map(({ drawing }) => drawing),
      };
    },
    accept(draws) {
      const index = new Map(fill.map((position, k) => [position, k]));
      return lines.map((line) => line.take(draws, (position) => index.get(position)!));
    },
    guesses: () => lines.map(({ guesses }) => guesses),
    around: (given) => masked(items, most, groups, rank, given),
  };
}

/** All positions of the lists, ascending, each once. */
function union(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b);
}
