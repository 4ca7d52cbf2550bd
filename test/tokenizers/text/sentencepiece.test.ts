/** SentencePiece files against the reference's own reader, and damaged ones. Fixtures: make-sentencepiece.py. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadSentencePiece } from "../../../src/tokenizers/text/load-sentencepiece.js";
import { temporaryFolder } from "../../support/temporary-folder.js";

const fixture = (file: string) => fileURLToPath(new URL(`../../fixtures/sentencepiece/${file}`, import.meta.url));
const cases = JSON.parse(await readFile(fixture("cases.json"), "utf8")) as Record<
  string,
  readonly { text: string; ids: number[]; decoded: string }[]
>;

describe.each(Object.keys(cases))("%s.model", (name) => {
  const reading = loadSentencePiece(fixture(`${name}.model`));

  test.each(cases[name]!)("$text", async ({ text, ids, decoded }) => {
    const tokenizer = await reading;
    expect([...tokenizer.encode(text)]).toEqual(ids);
    const unknown = tokenizer.idOf("<unk>")!; // which the reference writes as a sign of its own
    if (!ids.includes(unknown)) expect(tokenizer.decode(ids)).toBe(decoded);
  });
});

test("damaged files are refused, wherever they are cut", async () => {
  const whole = await readFile(fixture("plain.model"));
  const file = join(temporaryFolder(), "cut.model");
  const reading = async (bytes: Uint8Array) => {
    await writeFile(file, bytes);
    return loadSentencePiece(file);
  };
  for (const length of [0, 1, 7, 100, 1000]) {
    await expect(reading(whole.subarray(0, length))).rejects.toMatchObject({ code: "tokenizer" });
  }
  await expect(reading(Buffer.alloc(40, 0xff))).rejects.toThrow(/does not end at byte/);
  const bpe = Buffer.concat([whole, Buffer.of(0x12, 0x02, 0x18, 0x02)]); // a trainer_spec with model_type 2
  await expect(reading(bpe)).rejects.toThrow(/another algorithm than unigram/);
  await expect(loadSentencePiece(join(temporaryFolder(), "none.model"))).rejects.toMatchObject({ code: "input" });
});
