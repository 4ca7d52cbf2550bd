/**
 * What is unmasked together, and by which rules. The rules that papers differ in are functions here; settings.ts has them by name.
 */
import type { Draws, TokenDraws } from "../step.js";
import type { Annealed, Schedule } from "./schedules.js";

/** A draw that may become final. */
export interface Drawn<T> {
  readonly item: number;
  readonly position: number;
  /** Its index into `fill`. */
  readonly k: number;
  readonly value: T;
  /** Number of the pass over the group, and where that stands between the first, 0, and the last, 1. */
  readonly pass: number;
  readonly progress: number;
}

/** How sure a draw is: of what one pass draws, the surest become final. */
export type Confidence<T, D> = (drawn: Drawn<T>, draws: D) => number;

/** A group while one of its passes is judged. */
export interface Board<T> {
  readonly item: number;
  /** All positions of the group: the pass predicts each. */
  readonly positions: readonly number[];
  /** Index of a position into `fill`. */
  k(position: number): number;
  /** What stood there before the pass; null: it was masked. */
  value(position: number): T | null;
  /** Whether the pass leaves it masked. */
  staysMasked(position: number): boolean;
}

/**
 * Draws anew what stands and looks doubtful now that more is known (OctGPT, arXiv 2504.09975, its code). Nothing of such a
 * group is final before its last pass is over.
 */
export interface Revision<T, D> {
  /** It begins with the first pass whose number exceeds this part of the passes. */
  readonly after: number;
  /** The positions to draw anew; those that are masked are passed over. */
  doubtful(board: Board<T>, draws: D): readonly number[];
}

export interface MaskedGroup<T = number, D extends Draws<T> = Draws<T> & TokenDraws> {
  /** What is unmasked together. */
  readonly positions: readonly number[];
  /** Passes, at least 1; fewer are run where there are fewer positions. */
  readonly passes: number;
  readonly schedule: Schedule;
  /** What the temperature of the sampler is multiplied by. */
  readonly temperature: Annealed;
  /** null: positions become final in the order of their ranks, whatever is drawn, and each is drawn once. */
  readonly confidence: Confidence<T, D> | null;
  readonly revision?: Revision<T, D> | undefined;
}

/**
 * The n-th group of an item, asked for when those before it are final, whose `values` stand at their positions; null: the item is
 * complete. Groups of an octree are its levels, whose sizes follow from what was drawn.
 */
export type GroupsOf<T = number, D extends Draws<T> = Draws<T> & TokenDraws> = (
  n: number,
  item: number,
  values: readonly T[],
) => MaskedGroup<T, D> | null;

/** These groups one after the other, the same for all items. */
export const theseGroups =
  <T, D extends Draws<T>>(groups: readonly MaskedGroup<T, D>[]): GroupsOf<T, D> =>
  (n) =>
    groups[n] ?? null;
