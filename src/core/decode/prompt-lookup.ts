/**
 * Prompt look-up (Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding): a text repeats itself and its prompt, so what followed
 * the last few ids where they stood before is a good guess at what follows them now. A guess stands if it is what the coins of
 * its position select: the ids are those of next-token decoding for the same seed. No second model, and no guess costs a pass.
 */
import { check, isIntegerIn, withDefaults } from "../../base/check.js";
import { RULES } from "./jacobi/acceptance.js";
import { speculative } from "./jacobi/jacobi.js";
import type { TokenLayout } from "./layout.js";
import type { Strategy } from "./step.js";

export interface PromptLookupSettings {
  readonly longest: number; // last ids that are looked for, 1 … 64; where they stand nowhere, fewer of them are
  readonly guesses: number; // ids guessed per pass, at most, 1 … 256
}

export const PROMPT_LOOKUP_DEFAULTS: PromptLookupSettings = Object.freeze({ longest: 3, guesses: 10 });

/** Completes and checks settings. Throws ArgumentError. */
export function promptLookupSettings(options: object = {}, where = "promptLookup"): PromptLookupSettings {
  const settings = withDefaults<PromptLookupSettings>(where, PROMPT_LOOKUP_DEFAULTS, options);
  check(`${where}.longest`, "a whole number from 1 to 64", settings.longest, isIntegerIn(1, 64));
  check(`${where}.guesses`, "a whole number from 1 to 256", settings.guesses, isIntegerIn(1, 256));
  return settings;
}

/** Decodes `most` positions of each of `items` items that follow the same `prompt`. Throws ArgumentError for settings. */
export function promptLookup(
  items: number,
  most: number,
  layout: TokenLayout,
  prompt: readonly number[],
  options: Partial<PromptLookupSettings> = {},
): Strategy {
  const settings = promptLookupSettings(options);
  const strategy = speculative(items, most, settings.guesses + 1, () => {
    let guess: readonly number[] = [];
    return {
      rule: (drafts, draws) => ({ gained: RULES.coupled(drafts, draws).gained, drafts: [] }),
      inputs: ({ final }) => 1 + (guess = continuation([...prompt, ...final], settings)).length,
      fill: ({ position, last }) => guess[position - last - 1]!,
    };
  });
  return { ...strategy, layout };
}

/** What followed the last ids, as many of them as possible, where they first stood. */
function continuation(ids: readonly number[], { longest, guesses }: PromptLookupSettings): readonly number[] {
  for (let size = Math.min(longest, ids.length - 1); size > 0; size--) {
    const last = ids.length - size;
    for (let start = 0; start < last; start++)
      if (alike(ids, start, last, size)) return ids.slice(start + size, start + size + guesses);
  }
  return [];
}

function alike(ids: readonly number[], a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (ids[a + i] !== ids[b + i]) return false;
  return true;
}
