/** Models whose transformers take the vectors of a caption encoder. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateImage } from "../../src/image/generate-image.js";
import { type ImageModel, loadImageModel } from "../../src/image/model.js";
import { ENCODED_CAPTION, writeTinyImageModel } from "../support/tiny-image-model.js";

let folder: string;
let model: ImageModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tessera-encoder-"));
  await writeTinyImageModel(folder, ENCODED_CAPTION, ["next-scale", "next-token"]);
  model = await loadImageModel(folder, { device: "reference" });
});
afterAll(async () => {
  await model.close();
  await rm(folder, { recursive: true });
});

const orders = ["next-scale", "next-token"] as const;

test.each(orders)("%s: what the caption says decides, alone and in a batch", async (decoding) => {
  const draw = async (prompt: string, n: number) => {
    const { images } = await generateImage({ model, prompt, n, seed: 3, decoding });
    return images.map(({ ids }) => [...ids]);
  };
  const [one] = await draw("red", 1);
  expect(await draw("red", 2)).toContainEqual(one);
  expect((await draw("der", 1))[0]).not.toEqual(one);
  expect((await draw("", 1))[0]).not.toEqual(one);
});

test("the manifest names the file of the encoder", async () => {
  const { images } = await generateImage({ model, prompt: "red" });
  expect(Object.keys(images[0]!.manifest.model.sha256)).toContain("caption-encoder.safetensors");
});

test("an encoder that is missing, damaged or of other vectors is refused", async () => {
  const path = join(folder, "config.json");
  const text = await readFile(path, "utf8");
  const load = async (change: (config: { captions: { encoder?: { config: { width: number } } } }) => void) => {
    const config = JSON.parse(text);
    change(config);
    await writeFile(path, JSON.stringify(config));
    return loadImageModel(folder, { device: "reference" });
  };
  const place = { code: "argument", message: expect.stringMatching(/captions\.encoder/) };
  await expect(load(({ captions }) => delete captions.encoder)).rejects.toMatchObject(place);
  await expect(load(({ captions }) => (captions.encoder!.config.width = 12))).rejects.toMatchObject(place);
  await writeFile(join(folder, "caption-encoder.safetensors"), "damaged");
  await expect(load(() => {})).rejects.toMatchObject({ code: "checkpoint", fault: "checksum" });
});
