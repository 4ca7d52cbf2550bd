/** Prompts that are longer than what a model reads. */
import { expect, test } from "vitest";
import { promptIds } from "../../src/media/prompt.js";
import type { TextTokenizer } from "../../src/tokenizers/index.js";

/** Each byte is a token, so that characters have one to four. */
const bytes = {
  encode: (text: string) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (ids: ArrayLike<number>) => new TextDecoder().decode(Uint8Array.from(ids)),
} as unknown as TextTokenizer;

test("what fits is read whole", () => {
  expect(promptIds(bytes, "äb", 3)).toEqual({ ids: [0xc3, 0xa4, 0x62], warnings: [] });
});

test.each([
  ["abcdef", 3, "def"],
  ["яблоко", 1, "яблоко"], // cut within the first character
  ["яблоко", 2, "блоко"],
  ["яблоко", 3, "блоко"],
  ["a😀😀", 4, "😀😀"],
  ["ab" + "😀".repeat(20), 2, "😀".repeat(10) + "…"], // 40 tokens of it are shown
  ["ab" + "я".repeat(40), 1, "b" + "я".repeat(19) + "…"],
])("%s in %i tokens: what is lost is named from its first whole character on", (prompt, room, lost) => {
  const { ids, warnings } = promptIds(bytes, prompt, room);
  expect(ids).toHaveLength(room);
  expect(warnings).toEqual([{ type: "other", message: expect.stringContaining(`from "${lost}" on it was left out.`) }]);
});
