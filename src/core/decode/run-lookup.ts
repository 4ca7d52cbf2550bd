/**
 * Guesses where a grammar says which kind of ids comes next, and how many of it: a run of them can be drafted, for any of them may stand at any
 * place of the run. What knows the grammar makes the guesses. A guess stands if it is what the coins of its position select: the ids
 * are those of next-token decoding for the same seed. Where one falls, those behind it are what the model said of them (Jacobi).
 */
import { check, isIntegerIn, withDefaults } from "../../base/check.js";
import { RULES } from "./jacobi/acceptance.js";
import { speculative } from "./jacobi/jacobi.js";
import type { Strategy } from "./step.js";

/** Follows the ids of an item. */
export interface Runs {
  /** How many ids, the next one among them, are of one kind whatever they are; at least 1. */
  readonly ahead: number;
  /** A guess at the next id. */
  readonly guess: number;
  /** Takes an id that is final. */
  accept(id: number): void;
  /** Takes an id for now, which is not the last one of its run. */
  suppose(id: number): void;
  /** Takes back all that was supposed. */
  forget(): void;
}

export interface RunLookupSettings {
  /** Inputs of a pass, 1 … 256: the last final id and the guesses behind it. */
  readonly window: number;
}

export const RUN_LOOKUP_DEFAULTS: RunLookupSettings = Object.freeze({ window: 12 });

/** Completes and checks settings. Throws ArgumentError. */
export function runLookupSettings(options: object = {}, where = "runLookup"): RunLookupSettings {
  const settings = withDefaults<RunLookupSettings>(where, RUN_LOOKUP_DEFAULTS, options);
  check(`${where}.window`, "a whole number from 1 to 256", settings.window, isIntegerIn(1, 256));
  return settings;
}

/**
 * Decodes `most` positions of each of `items` items. A pass feeds every item as far as the foremost one reaches, beyond its own run: models that
 * cannot be fed so decode items one by one. Throws ArgumentError for settings.
 */
export function runLookup(
  items: number,
  most: number,
  runsOf: () => Runs,
  options: Partial<RunLookupSettings> = {},
): Strategy {
  const { window } = runLookupSettings(options);
  return speculative(items, most, window, () => {
    const runs = runsOf();
    let [final, taken] = [0, 0]; // ids that the runs were told: final ones, and those with what is supposed behind them
    return {
      rule: RULES.coupled,
      inputs(line) {
        runs.forget();
        for (; final < line.final.length; final++) runs.accept(line.final[final]!);
        taken = final;
        return Math.min(window, runs.ahead);
      },
      fill({ position, id }) {
        for (; taken < position; taken++) runs.suppose(id(taken));
        return runs.guess;
      },
    };
  });
}
