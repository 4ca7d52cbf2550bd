import { expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { lineLayout } from "../../../src/core/decode/layout.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { promptLookup, type PromptLookupSettings } from "../../../src/core/decode/prompt-lookup.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Strategy } from "../../../src/core/decode/step.js";
import { markovLogits, type Table, tableModel } from "../table-model.js";

async function run(strategy: Strategy, seed: number, table: Table) {
  for await (const event of decode(tableModel(strategy.items, table), strategy, sampler({ seed })))
    if (event.type === "decode-end") return { ids: event.values.map((ids) => [...ids]), passes: event.usage.passes };
  throw new Error("a run ends with decode-end");
}

const PROMPT = [0, 1, 1, 2, 0, 1, 2, 2, 1];
const SETTINGS: readonly Partial<PromptLookupSettings>[] = [
  {},
  { longest: 1, guesses: 1 },
  { longest: 5, guesses: 40 },
];

test.each(SETTINGS)("%o: the ids of next-token, whatever the seed", async (settings) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { ids } = await run(promptLookup(3, 30, lineLayout(3), PROMPT, settings), seed, markovLogits);
    expect(ids).toEqual((await run(nextToken(3, 30), seed, markovLogits)).ids);
  }
});

/** Nothing but 0 1 2 3 4 over and over, behind a prompt that ends with 4. */
const CYCLE: Table = (prefix) => [0, 1, 2, 3, 4].map((id) => (id === prefix.length % 5 ? 50 : 0));

test("what the prompt holds is not drawn id by id", async () => {
  const prompt = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4];
  const { ids, passes } = await run(promptLookup(1, 41, lineLayout(5), prompt, { guesses: 4 }), 1, CYCLE);
  expect(ids[0]).toEqual(Array.from({ length: 41 }, (_, i) => i % 5));
  expect(passes).toBe(1 + 40 / 5); // the first pass has the prompt alone to go by; the others gain four guesses and one id
});

test("what is new, too, is guessed when it comes again", async () => {
  const { passes } = await run(promptLookup(1, 41, lineLayout(5), [], { guesses: 4 }), 1, CYCLE);
  expect(passes).toBeLessThan(16);
});

test.each([{ longest: 0 }, { longest: 65 }, { guesses: 0 }, { guesses: 1.5 }])("%o is refused", (settings) => {
  expect(() => promptLookup(1, 4, lineLayout(3), [], settings)).toThrow(ArgumentError);
});
