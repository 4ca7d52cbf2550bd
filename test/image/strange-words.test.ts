/** Prompts with words that the captions of training never had. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sha256 } from "../../src/base/digest.js";
import { generateImage } from "../../src/image/generate-image.js";
import { type ImageModel, loadImageModel } from "../../src/image/model.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

let folder: string;
let model: ImageModel;

/** Puts a file of words into the folder, with its digest in config.json. */
async function writeWords(text: string, to = folder): Promise<void> {
  const path = join(to, "config.json");
  const config = JSON.parse(await readFile(path, "utf8"));
  await writeFile(join(to, "words.json"), text);
  config.captions.words = "words.json";
  config.sha256["words.json"] = sha256(new TextEncoder().encode(text));
  await writeFile(path, JSON.stringify(config));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-words-"));
  await writeTinyImageModel(folder);
  await writeWords(JSON.stringify(["apple", "red", "umbrella"]));
  model = await loadImageModel(folder, { device: "reference" });
});
afterAll(async () => {
  await model.close();
  await rm(folder, { recursive: true });
});

const warned = async (prompt: string) => (await generateImage({ model, prompt })).warnings;

test("known words are drawn without a word", async () => {
  expect(await warned("red")).toEqual([]);
});

test("no words at all are warned of", async () => {
  expect(await warned(" ")).toEqual([{ type: "other", message: "The prompt is empty: the pictures are of anything." }]);
});

test("strange ones are named, with known ones of like spelling; the picture is drawn", async () => {
  expect(await warned("a rde")).toEqual([
    { type: "other", message: 'No caption that tiny was trained on has the word "rde" (known: red).' },
  ]);
  expect(await warned("xy zz")).toEqual([
    { type: "other", message: 'No caption that tiny was trained on has the words "xy", "zz".' },
  ]);
});

test("a strange noun that means a known thing is told by its meaning, also in the plural", async () => {
  const path = join(folder, "meanings");
  await writeTinyImageModel(path);
  await writeWords(JSON.stringify({ words: ["apple", "red"], meanings: { apple: ["pip"], tree: ["pip"] } }), path);
  const knowing = await loadImageModel(path, { device: "reference" });
  const { warnings } = await generateImage({ model: knowing, prompt: "pips" });
  const message = 'No caption that tiny was trained on has the word "pips" (known: apple, tree).';
  expect(warnings).toEqual([{ type: "other", message }]);
  await knowing.close();
});

test("the words are in no manifest, as no picture depends on them", async () => {
  const { images } = await generateImage({ model, prompt: "red" });
  expect(Object.keys(images[0]!.manifest.model.sha256)).not.toContain("words.json");
});

test.each(['{"apple": 1}', '{"words": ["red"], "meanings": {"red": 1}}', "[1]", "{"])(
  "no words are refused: %s",
  async (text) => {
    await writeWords(text);
    await expect(loadImageModel(folder, { device: "reference" })).rejects.toMatchObject({ code: "checkpoint" });
  },
);
