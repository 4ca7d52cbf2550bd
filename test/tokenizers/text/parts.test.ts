/** The algorithms against slow and obvious ones, streaming, and time. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { mergeAll } from "../../../src/tokenizers/text/bpe.js";
import { graphemesOf } from "../../../src/tokenizers/text/graphemes.js";
import { loadTextTokenizer } from "../../../src/tokenizers/text/load-text-tokenizer.js";
import { Trie } from "../../../src/tokenizers/text/trie.js";

const fixture = (name: string) => {
  const file = new URL(`../../fixtures/tokenizers-text/${name}.json`, import.meta.url);
  return loadTextTokenizer((JSON.parse(readFileSync(file, "utf8")) as { tokenizer: object }).tokenizer);
};

/** A fixed sequence of integers below `limit` (Lehmer 1951, multiplier 48271). */
function sequence(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => (state = (state * 48271) % 2147483647) % limit;
}

describe("byte-pair merging", () => {
  it("joins the pair of the lowest rank first, from the left, until none is left", () => {
    const next = sequence(17);
    for (let round = 0; round < 200; round++) {
      const pairs = Array.from({ length: 11 }, (_, rank) => [next(5 + rank), next(5 + rank), 5 + rank] as const);
      const rankOf = new Map(pairs.map(([a, b], rank) => [a * 2 ** 26 + b, rank]));
      const symbols = Array.from({ length: 1 + next(37) }, () => next(5));
      const slow = [...symbols];
      for (;;) {
        const ranks = slow
          .slice(1)
          .map((right, at) => rankOf.get(slow[at]! * 2 ** 26 + right) ?? Number.POSITIVE_INFINITY);
        const least = Math.min(...ranks);
        if (!Number.isFinite(least)) break;
        const at = ranks.indexOf(least);
        slow.splice(at, 2, pairs[least]![2]);
      }
      expect(mergeAll(symbols, { rankOf, resultOf: pairs.map(([, , id]) => id) })).toEqual(slow);
    }
  });
});

describe("trie", () => {
  it("finds every entry that starts at a place", () => {
    const next = sequence(23);
    const word = () => Array.from({ length: 1 + next(5) }, () => "ab\ud83d\ude00"[next(4)]).join("");
    const words = [...new Set(Array.from({ length: 101 }, word))];
    const trie = new Trie(new Map(words.map((each, index) => [each, index])));
    for (let round = 0; round < 100; round++) {
      const text = word() + word() + word();
      const start = next(3);
      const found: string[] = [];
      trie.prefixes(text, start, (end, value) => {
        expect(text.slice(start, end)).toBe(words[value]);
        found.push(words[value]!);
      });
      const expected = words.filter((each) => text.startsWith(each, start)).sort((a, b) => a.length - b.length);
      expect(found).toEqual(expected);
      expect(trie.longest(text, start)?.value).toBe(
        expected.length === 0 ? undefined : words.indexOf(expected.at(-1)!),
      );
    }
  });
});

describe("graphemes", () => {
  it("are those of Intl.Segmenter, across chunks as well", () => {
    const text = `a\r\nb\u0301${"👨‍👩‍👧‍👦🇩🇪".repeat(41)}\u0600ab${"\u0301".repeat(701)}नि\r\r\n ${"各".repeat(131)}x`;
    const segments = new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text);
    expect([...graphemesOf(text)]).toEqual(Array.from(segments, ({ segment }) => segment));
  });
});

describe("streaming", () => {
  it("gives a character out when its last byte has come, and never before", async () => {
    const tokenizer = await fixture("gpt2");
    const ids = ["Ã", "©", "ð", "Ł", "ĺ", "Ģ"].map((token) => tokenizer.idOf(token)!);
    const stream = tokenizer.decodeStream();
    expect(ids.map((id) => stream.push(id))).toEqual(["", "é", "", "", "", "😀"]);
    expect(stream.end()).toBe("");
  });

  it("ends a character that never became whole as U+FFFD", async () => {
    const tokenizer = await fixture("gpt2");
    const stream = tokenizer.decodeStream();
    expect([stream.push(tokenizer.idOf("a")!), stream.push(tokenizer.idOf("ð")!)]).toEqual(["a", ""]);
    expect(stream.end()).toBe("\ufffd");
    expect(stream.push(tokenizer.idOf("a")!)).toBe("a"); // and can be used again
  });

  it("keeps its window short on bytes that never become whole", async () => {
    const tokenizer = await fixture("gpt2");
    const id = tokenizer.idOf("ð")!;
    const stream = tokenizer.decodeStream();
    let text = "";
    for (let n = 0; n < 3000; n++) text += stream.push(id);
    expect(text + stream.end()).toBe("\ufffd".repeat(3000));
    expect(text.length).toBeGreaterThan(2900);
  });

  it("keeps the space between words that the first word does not have", async () => {
    const tokenizer = await fixture("t5");
    const stream = tokenizer.decodeStream();
    const parts = Array.from(tokenizer.encode("the the the"), (id) => stream.push(id));
    expect(parts.join("")).toBe("the the the");
  });
});

describe("time", () => {
  const prose = "The quick brown fox jumps over the lazy dog, 1234 times; naïve café 日本語 😀 don't!\n";
  const texts = { prose: prose.repeat(1300), oneWord: "ab".repeat(50_000), spaces: `${" ".repeat(100_000)}x` };
  it.each(["gpt2", "llama3", "clip", "llama2", "t5", "unigram-bytes", "bert"])(
    "%s encodes 100,000 characters",
    async (name) => {
      const tokenizer = await fixture(name);
      for (const text of Object.values(texts)) {
        const before = process.cpuUsage();
        tokenizer.encode(text.slice(0, 100_000));
        const { user } = process.cpuUsage(before);
        expect(user / 1e6).toBeLessThan(2); // measured: at most 0.6 s; a square of the length takes minutes
      }
    },
    60_000,
  );
});
