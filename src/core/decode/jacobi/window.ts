/** How many inputs a pass of speculative Jacobi decoding has: the last final id and the drafts after it. */
import { check, isIntegerIn, type Options, withDefaults } from "../../../base/check.js";

/** Follows what passes gain: about `perGain` inputs for each id that the last passes gained, from `least` to `most`. */
export interface AdaptiveWindow {
  readonly least: number;
  readonly most: number;
  readonly perGain: number;
}

/** A fixed number of inputs, or one that adapts. */
export type Window = number | AdaptiveWindow;

export const ADAPTIVE_WINDOW: AdaptiveWindow = Object.freeze({ least: 4, most: 32, perGain: 4 });

const MOST = 4096;

/** Checks a window and completes an adaptive one; ArgumentError for sizes below 1, above 4096 or in the wrong order. */
export function windowOf(window: number | Options<AdaptiveWindow>, where = "window"): Window {
  if (typeof window !== "object" || window === null)
    return check(where, `a whole number from 1 to ${MOST}, or { least, most }`, window, isIntegerIn(1, MOST));
  const adaptive = withDefaults(where, ADAPTIVE_WINDOW, window);
  check(`${where}.most`, `a whole number from 1 to ${MOST}`, adaptive.most, isIntegerIn(1, MOST));
  check(`${where}.least`, `a whole number from 1 to ${adaptive.most}`, adaptive.least, isIntegerIn(1, adaptive.most));
  const positive = (n: unknown) => typeof n === "number" && n > 0 && n <= MOST;
  check(`${where}.perGain`, `a number above 0, up to ${MOST}`, adaptive.perGain, positive);
  return adaptive;
}

export const largestOf = (window: Window): number => (typeof window === "number" ? window : window.most);

/** Inputs of the next pass after passes that gained `gain` ids on average, the last ones counting most. */
export function inputsOf(window: Window, gain: number): number {
  if (typeof window === "number") return window;
  return Math.min(window.most, Math.max(window.least, Math.round(window.perGain * gain)));
}

/** The running average of gains: each pass counts for a quarter of it. */
export const averaged = (gain: number, gained: number): number => gain + (gained - gain) / 4;
