/** The stair of all media by its smallest medium, and what only items of unequal lengths show. */
import { expect, test } from "vitest";
import { conformMedium } from "./conform-medium.js";
import {
  generateToy,
  loadToy,
  parseToyManifest,
  streamToy,
  type ToyEvent,
  type ToyOptions,
  verifyToy,
} from "./toy-medium.js";

conformMedium("words", {
  load: () => loadToy(),
  stream: (options) => streamToy({ theme: "sea", ...options } as ToyOptions),
  items: (result: Awaited<ReturnType<typeof generateToy>>) => result.words,
  itemOf: (event) =>
    (event as ToyEvent).type === "word-end" ? (event as ToyEvent & { type: "word-end" }).word : undefined,
  fingerprint: ({ text }) => text,
  ending: "txt",
  outOfRange: { topP: 0 },
  parseManifest: parseToyManifest,
  verify: verifyToy,
});

test("items of unequal lengths are told piece by piece, and handed out as soon as they are complete", async () => {
  await using model = await loadToy();
  const events: ToyEvent[] = [];
  for await (const event of streamToy({ model, theme: "sea", seed: 1, n: 5 })) events.push(event);
  const pieces = new Map<number, string>();
  const ended: number[] = [];
  for (const event of events) {
    if (event.type === "word-delta") {
      expect(ended).not.toContain(event.index);
      pieces.set(event.index, (pieces.get(event.index) ?? "") + event.delta);
    }
    if (event.type === "word-end") {
      expect(event.word.text).toBe(pieces.get(event.word.index));
      ended.push(event.word.index);
    }
  }
  const lengths = [...pieces.values()].map((text) => text.length);
  expect(new Set(lengths).size).toBeGreaterThan(2);
  expect(ended).not.toEqual([0, 1, 2, 3, 4]); // in order of their ends, two at once as memory allows
  const last = events.at(-1)!;
  if (last.type === "run-end") expect(last.result.words.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(events[0]).toMatchObject({ type: "run-start", total: null });
});
