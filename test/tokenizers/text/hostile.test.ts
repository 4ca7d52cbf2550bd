/** Files that are damaged, or made to hurt, end in a TokenizerError that names the place; so does text without UTF-8 form. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ArgumentError, TokenizerError } from "../../../src/base/errors.js";
import { loadTextTokenizer } from "../../../src/tokenizers/text/load-text-tokenizer.js";

const folder = mkdtempSync(join(tmpdir(), "tessera-tokenizer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] };
const regex = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
const cyclic: { type: string; normalizers: object[] } = { type: "Sequence", normalizers: [] };
cyclic.normalizers.push(cyclic);

describe("a file is refused by the place of its mistake", () => {
  it.each<[what: string, file: unknown, message: RegExp]>([
    ["a list", [], /the file must be an object/],
    ["no model", {}, /model must be an object/],
    ["another version", { version: "2.0", model }, /version must be one of 1\.0/],
    ["an unknown model", { model: { type: "RNN" } }, /type "RNN", which is not supported/],
    ["a type from the prototype", { model, decoder: { type: "constructor" } }, /"constructor", which is not supported/],
    ["a vocabulary that is a string", { model: { ...model, vocab: "a" } }, /model\.vocab must be an object/],
    ["a negative id", { model: { ...model, vocab: { a: -1 } } }, /model\.vocab gives "a" an id/],
    ["an id of gigabytes", { model: { ...model, vocab: { a: 2 ** 31 } } }, /model\.vocab gives "a" an id/],
    ["a merge of strangers", { model: { ...model, merges: ["a c"] } }, /model\.merges\[0\] merges to or from "c"/],
    ["a merge of three", { model: { ...model, merges: ["a b a"] } }, /model\.merges\[0\] must be two tokens/],
    [
      "a score of text",
      { model: { type: "Unigram", vocab: [["a", "b"]] } },
      /model\.vocab\[0\]\[1\] must be a finite number/,
    ],
    [
      "an unknown id outside",
      { model: { type: "Unigram", unk_id: 7, vocab: [["a", 0]] } },
      /model\.unk_id is not an id/,
    ],
    ["a cycle", { model, normalizer: cyclic }, /nested too deeply/],
    [
      "a broken charsmap",
      { model, normalizer: { type: "Precompiled", precompiled_charsmap: "AAAA" } },
      /character map/,
    ],
    [
      "a template without its token",
      {
        model,
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "x", type_id: 0 } }],
          pair: [],
          special_tokens: {},
        },
      },
      /single\[0\]\.SpecialToken\.id is not among/,
    ],
    ["an unfinished class", { model, pre_tokenizer: regex("[a") }, /unfinished pattern/],
    ["a group that is not closed", { model, pre_tokenizer: regex("(a") }, /unmatched \(/],
    ["an unknown property", { model, pre_tokenizer: regex("\\p{Klingon}") }, /the property \\p\{Klingon\}/],
    ["a subexpression call", { model, pre_tokenizer: regex("(?<n>a)\\g<n>") }, /uses \\g in the pattern/],
    ["a thousand brackets", { model, pre_tokenizer: regex("(".repeat(1000)) }, /nested more than 100 deep/],
    ["scripts", { model, pre_tokenizer: { type: "UnicodeScripts" } }, /"UnicodeScripts", which is not supported/],
  ])("%s", async (_, file, message) => {
    const error = await loadTextTokenizer(file as object).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TokenizerError);
    expect((error as TokenizerError).message).toMatch(message);
    expect((error as TokenizerError).remedy).not.toBe("");
  });

  it("names the file that is not JSON, missing or a folder", async () => {
    const path = join(folder, "tokenizer.json");
    writeFileSync(path, "\u0000\u0001 spiece");
    await expect(loadTextTokenizer(path)).rejects.toThrow(/tokenizer\.json: is not JSON/);
    writeFileSync(path, "[".repeat(200_000));
    await expect(loadTextTokenizer(path)).rejects.toThrow(TokenizerError);
    await expect(loadTextTokenizer(join(folder, "none.json"))).rejects.toThrow(/none\.json: cannot be read/);
    await expect(loadTextTokenizer(folder)).rejects.toThrow(TokenizerError);
  });

  it("keeps tokens named as members of every object", async () => {
    const vocab = JSON.parse('{"__proto__": 0, "constructor": 1}') as object;
    const tokenizer = await loadTextTokenizer({ model: { type: "WordLevel", unk_token: "constructor", vocab } });
    expect(tokenizer.decode([0, 1])).toBe("__proto__ constructor");
  });
});

describe("what cannot be encoded or decoded", () => {
  it("stops a pattern that would backtrack for years", async () => {
    const tokenizer = await loadTextTokenizer({ model, pre_tokenizer: regex("(a+)+$") });
    const start = performance.now();
    expect(() => tokenizer.encode(`${"a".repeat(50)}b`)).toThrow(/did not finish within 3002 ms/);
    expect(performance.now() - start).toBeLessThan(25_000);
    expect(Array.from(tokenizer.encode("ab"))).toEqual([2]); // and is none the worse for it
  }, 30_000);

  it("refuses half a surrogate pair, unknown characters without unknown token, and ids of no token", async () => {
    const tokenizer = await loadTextTokenizer({ model });
    expect(() => tokenizer.encode("a\ud83d")).toThrow(/surrogate/);
    expect(() => tokenizer.decode([3])).toThrow(/the id 3 names no token/);
    expect(() => tokenizer.decode([-1])).toThrow(TokenizerError);
    expect(() => tokenizer.decodeStream().push(0.5)).toThrow(TokenizerError);
    const unigram = await loadTextTokenizer({ model: { type: "Unigram", vocab: [["a", -1]] } });
    expect(() => unigram.encode("b")).toThrow(/cannot write/);
    const words = await loadTextTokenizer({ model: { type: "WordLevel", unk_token: "?", vocab: { a: 0 } } });
    expect(() => words.encode("b")).toThrow(/neither is the unknown token/);
    const pairs = await loadTextTokenizer({ model: { ...model, unk_token: "?" } });
    expect(() => pairs.encode("c")).toThrow(/needs the unknown token/);
  });

  it("refuses options that it does not have, and rows of different lengths", async () => {
    const tokenizer = await loadTextTokenizer({ model });
    expect(() => tokenizer.encode("a", { addSpecials: true } as object)).toThrow(ArgumentError);
    expect(() => tokenizer.encode("a", { truncation: "file" })).toThrow(/states none/);
    expect(() => tokenizer.encodeBatch(["a", "ba"])).toThrow(ArgumentError);
    expect(() => tokenizer.encodeBatch([])).toThrow(/at least one text/);
    expect(() => tokenizer.encode(7 as unknown as string)).toThrow(ArgumentError);
  });

  it("warns of dropout and of ids that the reference would not give", async () => {
    const added_tokens = [{ id: 9, content: "<x>", special: true }];
    const tokenizer = await loadTextTokenizer({ model: { ...model, dropout: 0.1 }, added_tokens });
    expect(tokenizer.warnings).toEqual([expect.stringMatching(/dropout/), expect.stringMatching(/stated to be 9/)]);
    expect(Array.from(tokenizer.encode("ab<x>"))).toEqual([2, 3]);
    expect(Array.from(tokenizer.encode("<x>", { specialsInText: "text" }))).toEqual([]);
    expect(tokenizer.vocabularySize).toBe(4);
  });
});
