/** Single normalizers, pre-tokenizers and translated Oniguruma patterns against the reference (see make-fixtures.py). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Cursor } from "../../../src/tokenizers/text/json-cursor.js";
import { readNormalizer } from "../../../src/tokenizers/text/normalizers.js";
import { translateOnig } from "../../../src/tokenizers/text/onig.js";
import { stretches } from "../../../src/tokenizers/text/pattern.js";
import { readPreTokenizer } from "../../../src/tokenizers/text/pre-tokenizers.js";

interface Components {
  readonly texts: readonly string[];
  readonly normalizers: readonly [json: object, results: readonly string[]][];
  readonly pre_tokenizers: readonly [json: object, results: readonly (readonly string[])[]][];
  readonly patterns: readonly [source: string, results: readonly (readonly number[])[]][];
}
const file = new URL("../../fixtures/tokenizers-text/components.json", import.meta.url);
const { texts, normalizers, pre_tokenizers, patterns } = JSON.parse(readFileSync(file, "utf8")) as Components;
const cursor = (json: object) => new Cursor(json, { label: "test", warnings: [], rules: 0, wildPatterns: false });
const short = (json: object) => JSON.stringify(json).slice(0, 120);

describe("normalizers", () => {
  it.each(normalizers.map(([json, results]) => ({ name: short(json), json, results })))(
    "$name",
    ({ json, results }) => {
      const normalize = readNormalizer(cursor(json));
      expect(texts.map((text) => normalize(text))).toEqual(results);
    },
  );
});

describe("pre-tokenizers", () => {
  it.each(pre_tokenizers.map(([json, results]) => ({ name: short(json), json, results })))(
    "$name",
    ({ json, results }) => {
      const cut = readPreTokenizer(cursor(json));
      expect(texts.map((text) => cut([{ text, first: true }]).map((piece) => piece.text))).toEqual(results);
    },
  );
});

describe("Oniguruma patterns", () => {
  it.each(patterns.map(([source, results]) => ({ source, results })))("$source", ({ source, results }) => {
    const pattern = translateOnig(source);
    const lengths = (text: string) =>
      stretches(text, pattern)
        .map(({ start, end }) => [...text.slice(start, end)].length)
        .filter((length) => length > 0);
    expect(texts.map(lengths)).toEqual(results);
  });
});
