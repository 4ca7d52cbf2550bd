/**
 * First guesses for positions that enter a window (Teng et al. 2024, arXiv 2410.01699 §4.3): pictures are smooth, so a
 * neighbour's token is the best first guess.
 */
import type { Distribution } from "../../sampling/sampling.js";
import type { TokenLayout } from "../layout.js";

/** A position that enters a window, and what is known when it does. */
export interface NewSlot {
  readonly position: number;
  /** The last position that had an id, final or draft, before this one and others beside it came in. Below 0: none had. */
  readonly last: number;
  /** The id at `last`, at a position before it, or at one that came in before this one. */
  id(position: number): number;
  /** The distribution that position `last` had in this pass. */
  distribution(): Distribution;
  /** A uniform number of this position. */
  coin(): number;
}

/** The guess at a slot; null: nothing to go by. */
type Guess = (slot: NewSlot, rowLength: number) => number | null;

const beginsLine = ({ position }: NewSlot, rowLength: number): boolean => position % rowLength === 0;

const GUESSES = {
  random: () => null,
  "repeat-horizontal": (slot, rowLength) => (beginsLine(slot, rowLength) ? null : slot.id(slot.last)),
  "repeat-vertical": (slot, rowLength) => (slot.position < rowLength ? null : slot.id(slot.position - rowLength)),
  "sample-horizontal": (slot, rowLength) => (beginsLine(slot, rowLength) ? null : likeliest(slot.distribution())),
} as const satisfies Record<string, Guess>;

/**
 * random              any of the ids allowed, evenly
 * repeat-horizontal   the last known id again
 * repeat-vertical     the id one line above
 * sample-horizontal   the likeliest id by the distribution of the last known one
 *
 * The horizontal ones guess at random where a line begins, the vertical one in the first line.
 */
export type InitialiserName = keyof typeof GUESSES;

export const INITIALISERS = Object.keys(GUESSES) as readonly InitialiserName[];

/** Gives a slot its id: the forced one where the layout has one, else the guess of that name. */
export const initialiser =
  (name: InitialiserName, { rowLength, allowed }: TokenLayout) =>
  (slot: NewSlot): number => {
    const ids = allowed(slot.position);
    if (ids.kind === "forced") return ids.id;
    const guess = slot.last < 0 ? null : GUESSES[name](slot, rowLength);
    return guess ?? ids.first + Math.floor(slot.coin() * (ids.last - ids.first + 1));
  };

/** The most probable id, the lowest of equals. */
function likeliest({ ids, probabilities }: Distribution): number {
  let best = 0;
  for (let i = 1; i < ids.length; i++) if (probabilities[i]! > probabilities[best]!) best = i;
  return ids[best]!;
}
