/** Captions against what LlamaGen's own code makes of them; the recipe is beside the fixture. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cleanCaption } from "../../../src/tokenizers/text/clean-caption.js";

const CAPTIONS = JSON.parse(
  readFileSync(new URL("../../fixtures/text-encoders/captions.json", import.meta.url), "utf8"),
) as readonly (readonly [string, string])[];

test("the authors' captions", () => {
  expect(CAPTIONS.filter(([caption]) => caption.trim() !== "").length).toBeGreaterThan(95);
  expect(CAPTIONS.filter(([caption, cleaned]) => caption !== cleaned).length).toBeGreaterThan(80);
  expect(CAPTIONS.map(([caption]) => cleanCaption(caption))).toEqual(CAPTIONS.map(([, cleaned]) => cleaned));
});

test("text beyond 10,000 characters is left out, between characters", () => {
  expect(cleanCaption("🐱".repeat(6000))).toBe("🐱".repeat(5000));
  expect(cleanCaption(`a${"🐱".repeat(6000)}`)).toBe(`a${"🐱".repeat(4999)}`);
});

test.each(["a", " ", "a.", "-", "1", "a1", "<", "&", "%41", "'", "free ", "1x", "@a", "\\n", "&#38;"])(
  "as much of %j as fits takes no long time",
  { timeout: 5000 },
  (piece) => {
    const begun = performance.now();
    cleanCaption(piece.repeat(10_000));
    expect(performance.now() - begun).toBeLessThan(3000);
  },
);
