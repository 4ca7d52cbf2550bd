/**
 * Speculative Jacobi decoding (Teng et al. 2024, arXiv 2410.01699 §4): guess a window of ids, let one pass say what the model
 * makes of all of them, keep those that stand, guess on. No second model and no training; for any next-token model.
 *
 * Items of a batch go at their own pace, each as it would alone: a pass fills from the slowest item's first open position to
 * the end of the foremost window, and an item too far ahead waits. So the result is the same at any batch size. (The
 * reference moves all items on by the least that one gained and keeps the rest with distributions they no longer follow: biased.)
 */
import { check, isIntegerIn, type Options, withDefaults } from "../../../base/check.js";
import { UnknownNameError } from "../../../base/errors.js";
import { RULES, type RuleName } from "./acceptance.js";
import { INITIALISERS, type InitialiserName, initialiser } from "./initialisers.js";
import type { TokenLayout } from "../layout.js";
import { Line, type Speculation } from "./line.js";
import type { Accepted, Step, Strategy } from "../step.js";
import { type AdaptiveWindow, averaged, inputsOf, largestOf, type Window, windowOf } from "./window.js";

export interface JacobiSettings {
  /** When a draft stands: see RULES. "coupled" gives the ids of next-token decoding for the same seed. */
  readonly rule: RuleName;
  /** First guesses: see INITIALISERS. */
  readonly initialiser: InitialiserName;
  /** Inputs of a pass. Wider windows take fewer passes that cost more each. */
  readonly window: Window;
}

export const JACOBI_DEFAULTS: JacobiSettings = Object.freeze({
  rule: "coupled",
  initialiser: "repeat-vertical",
  window: 12,
});

/** What a caller may write: any of the settings, and any part of an adaptive window. */
export type JacobiOptions = Options<Omit<JacobiSettings, "window">> & {
  readonly window?: number | Options<AdaptiveWindow> | undefined;
};

/** Completes and checks settings. Throws ArgumentError or UnknownNameError. */
export function jacobiSettings(options: JacobiOptions = {}, where = "jacobi"): JacobiSettings {
  const { rule, initialiser, window } = withDefaults(where, JACOBI_DEFAULTS, options as Options<JacobiSettings>);
  if (!Object.hasOwn(RULES, rule)) throw new UnknownNameError("rule", rule, Object.keys(RULES));
  if (!INITIALISERS.includes(initialiser)) throw new UnknownNameError("initialiser", initialiser, INITIALISERS);
  return { rule, initialiser, window: windowOf(window, `${where}.window`) };
}

/**
 * Decodes `most` positions of each of `items` items, laid out as `layout` says.
 *
 * @throws ArgumentError, UnknownNameError for settings.
 */
export function jacobi(items: number, most: number, layout: TokenLayout, options: JacobiOptions = {}): Strategy {
  const { rule, initialiser: name, window } = jacobiSettings(options);
  const strategy = speculative(items, most, largestOf(window), () => {
    let gain = 1;
    return {
      rule: RULES[rule],
      inputs: ({ gained }) => inputsOf(window, (gain = averaged(gain, gained))),
      fill: initialiser(name, layout),
    };
  });
  return { ...strategy, layout };
}

/** The same by any rule, window and guesses: `speculation` makes those of one item, which ask for at most `widest` inputs. */
export function speculative(items: number, most: number, widest: number, speculation: () => Speculation): Strategy {
  check("items", "a whole number of at least 1", items, isIntegerIn(1, 2 ** 24));
  check("most", "a whole number of at least 1", most, isIntegerIn(1, 2 ** 24));
  const lines = Array.from({ length: items }, () => new Line(most, speculation()));
  let start = 0; // the first position of the pass
  const mayGoOn = (line: Line): boolean => line.done < most && line.end <= start + 2 * widest;
  return {
    ...{ items, most, layout: null },
    drawnBefore: (position) => position,
    plan(): Step | null {
      start = Math.min(...lines.map(({ done }) => done));
      if (start === most) return null;
      const end = Math.max(...lines.filter(mayGoOn).map((line) => line.end));
      const fill = Array.from({ length: end - start }, (_, k) => start + k);
      const feed = fill.map((position) => position - 1).filter((position) => position >= 0);
      const values = lines.map((line) => feed.map((position) => line.ids[position]!));
      return { keep: feed[0] ?? 0, feed, values, sight: "causal", fill };
    },
    accept(draws): readonly Accepted[] {
      return lines.map((line, item) => {
        if (!mayGoOn(line)) return { positions: [], values: [] };
        const first = line.done;
        const values = line.take({
          id: (position) => draws.value(item, position - start),
          distribution: (position) => draws.distribution(item, position - start),
          coin: (position, purpose, index) => draws.coin(item, position, purpose, index),
        });
        return { positions: values.map((_, i) => first + i), values };
      });
    },
    guesses: () =>
      lines.map((line) => {
        const positions = Array.from({ length: line.end - 1 - line.done }, (_, i) => line.done + i);
        return { positions, values: positions.map((position) => line.ids[position]!) };
      }),
  };
}
