/** How fast iterative unmasking goes: how many positions each pass leaves masked, and numbers that change from pass to pass. */

/** The part of a group that is still masked when a part `done` of its passes, 0 to 1, is over; falls from 1 to 0. */
export type Schedule = (done: number) => number;

/** By name. */
export const SCHEDULES = {
  /** MaskGIT (arXiv 2202.04200 §3.3), MAR and OctGPT (arXiv 2504.09975): few positions at first, many at last. */
  cosine: (done) => Math.cos((Math.PI / 2) * done),
  /** TiTok (arXiv 2406.07550, its code): most at last. */
  arccos: (done) => Math.acos(done) / (Math.PI / 2),
  /** As many in each pass. */
  linear: (done) => 1 - done,
  /** MaskGIT's ablations (table 3): between linear and cosine, and beyond it. */
  square: (done) => 1 - done ** 2,
  cubic: (done) => 1 - done ** 3,
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;

/** One pass over a group. */
export interface GroupPass {
  /** Its number among the passes that were asked for, 0 and up. */
  readonly index: number;
  /** Where it stands between the first of those, 0, and the last, 1. */
  readonly progress: number;
  /** Positions that it leaves masked. */
  readonly masked: number;
}

/**
 * The passes over `count` positions. Each makes at least one final and, but for the last, leaves at least one, as in MaskGIT's
 * code; passes of which nothing would become final are left out.
 */
export function passesOf(count: number, passes: number, schedule: Schedule): readonly GroupPass[] {
  const out: GroupPass[] = [];
  let masked = count;
  for (let index = 0; index < passes; index++) {
    const due = Math.floor(count * schedule((index + 1) / passes));
    const left = index === passes - 1 ? 0 : Math.max(1, Math.min(masked - 1, due));
    if (left === masked) continue;
    masked = left;
    out.push({ index, progress: passes === 1 ? 0 : index / (passes - 1), masked });
  }
  return out;
}

/** A number that changes in equal steps, from the first pass over a group to the last one. */
export interface Annealed {
  readonly from: number;
  readonly to: number;
}

export const annealed = ({ from, to }: Annealed, progress: number): number => from + (to - from) * progress;
