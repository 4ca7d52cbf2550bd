/** Tokenizer files that are made to cost more than they weigh: each ends soon, in a typed error or a result. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type Opening, openedApart } from "../../support/opened-apart.js";

type Use = Extract<Opening, { readonly kind: "tokenizer" }>["use"];

const folder = mkdtempSync(join(tmpdir(), "tessera-bombs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = { type: "BPE", vocab: { a: 0, b: 1 }, merges: [] };
const replace = (String: string, content: string) => ({ type: "Replace", pattern: { String }, content });
const regex = (Regex: string, content = "") => ({ type: "Replace", pattern: { Regex }, content });
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const normalizers = (list: object[]) => ({ type: "Sequence", normalizers: list });
const added = (content: string, more: object = {}) => ({ id: 2, content, special: false, normalized: true, ...more });
const A = { Sequence: { id: "A", type_id: 0 } };

const encode = (text: string): Use => ({ method: "encode", argument: text });
const padded: Use = { method: "encodeBatch", argument: ["a"], options: { padding: "file" } };
const long = "a".repeat(100_000);

/** A file, and what is done with it once it is open; the error that either ends in, or null where a result is as good. */
type Bomb = readonly [what: string, file: object, use: Use, message: RegExp | null];

const BOMBS: readonly Bomb[] = [
  [
    "a pattern that runs away while the file is loaded",
    { model, normalizer: regex("(a|a)*c"), added_tokens: [added("a".repeat(40))] },
    encode("a"),
    /did not finish within/,
  ],
  [
    "thirty rules that double a text",
    { model, normalizer: normalizers(times(31, replace("a", "aa"))) },
    encode("a"),
    /longer/,
  ],
  [
    "thirty rules that double an empty text",
    { model, normalizer: normalizers(times(31, replace("", "aa"))) },
    encode("b"),
    /longer/,
  ],
  [
    "a rule that writes a megabyte for a letter",
    { model, normalizer: replace("a", "b".repeat(2 ** 20)) },
    encode(long),
    /longer/,
  ],
  [
    "byte alphabets of byte alphabets",
    { model, normalizer: normalizers(times(40, { type: "ByteLevel" })) },
    encode("é"),
    /longer/,
  ],
  [
    "ten thousand rules, each over the whole of a long text",
    { model, normalizer: normalizers([replace("a", "a".repeat(1000)), ...times(10_000, { type: "StripAccents" })]) },
    encode("a".repeat(1000)),
    null,
  ],
  [
    "the same before words are cut",
    {
      model,
      pre_tokenizer: { type: "Sequence", pretokenizers: times(40, { type: "ByteLevel", add_prefix_space: true }) },
    },
    encode("é"),
    /longer|not in the vocabulary/,
  ],
  [
    "thirty decoders that write spaces between all characters",
    { model, decoder: { type: "Sequence", decoders: times(30, { type: "BPEDecoder", suffix: "" }) } },
    { method: "decode", argument: times(100, 0) },
    /longer/,
  ],
  [
    "a template that repeats its text",
    { model, post_processor: { type: "TemplateProcessing", single: times(20_000, A), pair: [], special_tokens: {} } },
    encode("a".repeat(20_000)),
    /longer/,
  ],
  [
    "an added token of 40,000 letters, and a text that nearly holds it",
    { model, added_tokens: [added(`${"a".repeat(40_000)}b`)] },
    encode(long),
    null,
  ],
  [
    "an added token of 20,000,000 letters",
    { model, added_tokens: [added("a".repeat(2e7))] },
    encode("a"),
    /more than any vocabulary/,
  ],
  [
    "a unigram piece of 40,000 letters",
    {
      model: {
        type: "Unigram",
        unk_id: 0,
        vocab: [
          ["?", 0],
          ["a", -1],
          [`${"a".repeat(40_000)}b`, -2],
        ],
      },
    },
    encode(long),
    null,
  ],
  [
    "a word piece of 40,000 letters",
    {
      model: {
        ...{ type: "WordPiece", unk_token: "?", max_input_chars_per_word: 2 ** 30 },
        vocab: { "?": 0, a: 1, "##a": 2, [`##${"a".repeat(40_000)}b`]: 3 },
      },
    },
    encode(long),
    null,
  ],
  [
    "added tokens of white space that take white space along",
    { model, added_tokens: [added("\n", { lstrip: true, rstrip: true })] },
    encode("\n".repeat(100_000)),
    null,
  ],
  [
    "a pattern of thousands of letters in all their cases",
    {
      model,
      pre_tokenizer: { type: "Split", behavior: "Isolated", pattern: { Regex: "(?i:[\u3400-\u6000])".repeat(4000) } },
    },
    encode("a"),
    null,
  ],
  [
    "padding to 2^31 ids",
    { model, padding: { strategy: { Fixed: 2 ** 31 - 1 }, pad_id: 0 } },
    padded,
    /Padding 1 texts/,
  ],
  [
    "padding to a multiple of 2^30 ids",
    { model, padding: { strategy: "BatchLongest", pad_to_multiple_of: 2 ** 30, pad_id: 0 } },
    padded,
    /Padding 1 texts/,
  ],
];

it.each(BOMBS)(
  "%s",
  async (what, json, use, message) => {
    const path = join(folder, "tokenizer.json");
    writeFileSync(path, JSON.stringify(json));
    const { error } = await openedApart(what, path, { kind: "tokenizer", use });
    if (message !== null || error !== null) expect(error).toMatchObject({ code: "tokenizer" });
    if (message !== null) expect(error!.message).toMatch(message);
    if (error !== null) expect(error.length).toBeLessThan(1000);
  },
  60_000,
);
