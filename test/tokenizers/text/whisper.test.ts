/** Tables of ranks as tiktoken writes them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadWhisperTokenizer } from "../../../src/tokenizers/text/load-whisper-tokenizer.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const folder = temporaryFolder();
const line = (bytes: Uint8Array, rank: number) => `${Buffer.from(bytes).toString("base64")} ${rank}\n`;
const MERGED = ["th", "he", "the", " the", "in", "ing", " t", "é", "ab", "bc", "abc", "cd", "abcd"];
const TOKENS = [
  ...Array.from({ length: 256 }, (_, byte) => Buffer.of(byte)),
  ...MERGED.map((text) => Buffer.from(text)),
];

/** tiktoken's rule: of all neighbours whose join has a rank, the lowest is merged, the first of equals. */
function byRank(text: string): number[] {
  const ranks = new Map(TOKENS.map((bytes, rank) => [bytes.toString("latin1"), rank]));
  const parts = [...Buffer.from(text).toString("latin1")];
  for (;;) {
    const joins = parts.slice(1).map((part, i) => ranks.get(parts[i]! + part) ?? Number.POSITIVE_INFINITY);
    const least = Math.min(...joins);
    if (!Number.isFinite(least)) return parts.map((part) => ranks.get(part)!);
    const at = joins.indexOf(least);
    parts.splice(at, 2, parts[at]! + parts[at + 1]!);
  }
}

test("ids are those of tiktoken's rule, and special tokens stand behind the ranks", async () => {
  const file = join(folder, "multilingual.tiktoken");
  await writeFile(file, TOKENS.map(line).join(""));
  const tokenizer = await loadWhisperTokenizer(file);
  for (const word of ["the", "thing", "abcd", "abcabcd", "bcd", "thé", "ththe"])
    expect([...tokenizer.encode(word)], word).toEqual(byRank(word));
  // Words are cut as GPT-2 cuts them, so no token reaches over a space.
  expect([...tokenizer.encode("in the")]).toEqual([...byRank("in"), ...byRank(" the")]);
  const specials = { "<|endoftext|>": 0, "<|en|>": 2, "<|zh|>": 3, "<|yue|>": 101, "<|0.00|>": 108, "<|30.00|>": 1608 };
  for (const [text, at] of Object.entries(specials))
    expect([...tokenizer.encode(`${text}in`)], text).toEqual([TOKENS.length + at, ...byRank("in")]);
});

test.each([
  ["a rank that is not the next", line(Buffer.of(0), 1)],
  ["no base64", "&&& 0\n"],
  ["bytes that are missing", line(Buffer.of(0), 0)],
])("%s is refused", async (_, text) => {
  const file = join(folder, "damaged.tiktoken");
  await writeFile(file, text);
  await expect(loadWhisperTokenizer(file)).rejects.toMatchObject({ code: "tokenizer" });
});
