/** Whole tokenizers of every kind against the reference: ids, texts, pairs, truncation, padding (see make-fixtures.py). */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Truncation } from "../../../src/tokenizers/text/lengths.js";
import { loadTextTokenizer } from "../../../src/tokenizers/text/load-text-tokenizer.js";

interface Fixture {
  readonly tokenizer: object;
  readonly cases: readonly [text: string, ids: number[], plain: number[], decoded: string, whole: string][];
  readonly pairs: readonly [
    a: string,
    b: string,
    ids: number[],
    types: number[],
    plain: number[],
    plainTypes: number[],
  ][];
  readonly lengths: readonly [
    length: number,
    strategy: "longest_first" | "only_first" | "only_second",
    side: "left" | "right",
    a: string,
    b: string,
    ids: number[],
    types: number[],
  ][];
  readonly batch: readonly string[];
  readonly batches: readonly [
    options: Record<string, number | string>,
    ids: number[][],
    types: number[][],
    mask: number[][],
  ][];
}

const folder = new URL("../../fixtures/tokenizers-text/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "components.json");
const FROM = { longest_first: "longest", only_first: "first", only_second: "second" } as const;
const row = (ids: Int32Array) => Array.from(ids);

describe.each(names)("%s", (name) => {
  const fixture = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Fixture;
  const tokenizer = loadTextTokenizer(fixture.tokenizer);

  it("encodes", async () => {
    const t = await tokenizer;
    expect(fixture.cases.length).toBeGreaterThan(50);
    const wrong = fixture.cases.filter(([text, ids]) => String(row(t.encode(text))) !== String(ids));
    expect(wrong.map(([text, ids]) => ({ text, ids, ours: row(t.encode(text)) }))).toEqual([]);
    for (const [text, , plain] of fixture.cases)
      expect(row(t.encode(text, { addSpecialTokens: false }))).toEqual(plain);
  });

  it("decodes", async () => {
    const t = await tokenizer;
    for (const [, ids, , decoded, whole] of fixture.cases) {
      expect(t.decode(ids)).toBe(decoded);
      expect(t.decode(ids, { skipSpecialTokens: false })).toBe(whole);
    }
  });

  it("decodes the same text id by id", async () => {
    const t = await tokenizer;
    for (const [, ids, , , whole] of fixture.cases) {
      const stream = t.decodeStream({ skipSpecialTokens: false });
      const parts = ids.map((id) => stream.push(id));
      expect(parts.join("") + stream.end()).toBe(whole);
    }
  });

  it("encodes pairs", async () => {
    const t = await tokenizer;
    for (const [a, b, ids, types, plain, plainTypes] of fixture.pairs) {
      const full = t.encodeBatch([a], { pair: b });
      expect([row(full.ids.data as Int32Array), row(full.types.data as Int32Array)]).toEqual([ids, types]);
      const bare = t.encodeBatch([a], { pair: b, addSpecialTokens: false });
      expect([row(bare.ids.data as Int32Array), row(bare.types.data as Int32Array)]).toEqual([plain, plainTypes]);
    }
  });

  it("truncates", async () => {
    const t = await tokenizer;
    expect(fixture.lengths.length).toBeGreaterThan(0);
    for (const [length, strategy, side, a, b, ids] of fixture.lengths) {
      const truncation: Truncation = { length, side, from: FROM[strategy] };
      expect(row(t.encode(a, { pair: b, truncation }))).toEqual(ids);
    }
  });

  it("pads", async () => {
    const t = await tokenizer;
    for (const [options, ids, types, mask] of fixture.batches) {
      const padding = {
        length: (options.length as number) ?? "longest",
        multipleOf: (options.pad_to_multiple_of as number) ?? 1,
        side: (options.direction as "left") ?? "right",
        id: (options.pad_id as number) ?? 0,
        type: (options.pad_type_id as number) ?? 0,
      };
      if (ids.some((each) => each.length !== ids[0]!.length)) continue; // a fixed length does not shorten longer rows
      const ours = t.encodeBatch(fixture.batch, { padding });
      expect(ours.ids.shape).toEqual([ids.length, ids[0]!.length]);
      expect(row(ours.ids.data as Int32Array)).toEqual(ids.flat());
      expect(row(ours.types.data as Int32Array)).toEqual(types.flat());
      expect(row(ours.mask.data as Int32Array)).toEqual(mask.flat());
    }
  });
});
