/** The settings of a run that every medium has. */
import { check, isIntegerIn } from "../base/check.js";
import type { DecodingOption } from "../core/orders.js";
import type { TokenSampling } from "../core/sampling/ranges.js";

/** How many items, and which of all that a seed gives. */
export interface RunSettings {
  /** Items to make, 1 … 1000. */
  readonly n: number;
  /** 0 … 2^53 - 1. The same seed gives the same items. */
  readonly seed: number;
  /** Number of the first item among all of this seed: item 3 alone is { n: 1, firstIndex: 3 }. */
  readonly firstIndex: number;
}

export const RUN_DEFAULTS: RunSettings = Object.freeze({ n: 1, seed: 0, firstIndex: 0 });

/** Checks them. Throws ArgumentError. */
export function runSettings({ n, seed, firstIndex }: RunSettings): RunSettings {
  check("n", "a whole number from 1 to 1000", n, isIntegerIn(1, 1000));
  check("seed", "a whole number from 0 to 2^53 - 1", seed, isIntegerIn(0, Number.MAX_SAFE_INTEGER));
  check("firstIndex", "a whole number from 0 to 2^31 - 1001", firstIndex, isIntegerIn(0, 2 ** 31 - 1001));
  return { n, seed, firstIndex };
}

/** How tokens come to be. null: as the model states for the decoding. */
export interface TokenSettings {
  /** How strongly the subject is followed, 1 … 100; 1 is off. */
  readonly guidance: number | null;
  /** Guidance ends when this part of an item's tokens is there, 0 … 1; 1 is never. */
  readonly guidanceUntil: number | null;
  /** 0 … 100; 0 takes the likeliest token each time. */
  readonly temperature: number | null;
  /** Only the k likeliest tokens; 0 is off. */
  readonly topK: number | null;
  /** Only the likeliest tokens that together exceed this probability; 1 is off. */
  readonly topP: number | null;
  /** Only tokens at least this fraction as probable as the likeliest; 0 is off. */
  readonly minP: number | null;
  /** In which order tokens come to be: one of model.decodings, or an object with such a `kind` and its settings. */
  readonly decoding: DecodingOption | null;
}

export const TOKEN_DEFAULTS: TokenSettings & Record<keyof TokenSampling, null> = Object.freeze({
  guidance: null,
  guidanceUntil: null,
  temperature: null,
  topK: null,
  topP: null,
  minP: null,
  decoding: null,
});
