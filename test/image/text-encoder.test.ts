/** Models that were trained on vectors of a text encoder: a prompt draws what its features draw, and can be verified. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError } from "../../src/base/errors.js";
import {
  generateImage,
  type ImageModel,
  loadImageModel,
  loadTextEncoder,
  parseManifest,
  type TextEncoderModel,
  verifyImage,
} from "../../src/index.js";
import { tensor } from "../../src/engine/tensor.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const ENCODER = join(import.meta.dirname, "../fixtures/text-encoders/folders/t5");
const SLOTS = 12;
const root = temporaryFolder();
const [folder, captions] = [join(root, "features"), join(root, "captions")];
const device = "reference";

beforeAll(async () => {
  await writeTinyImageModel(folder, { kind: "features", slots: SLOTS, size: 12 }, ["next-token", "next-neighbor"]);
  await writeTinyImageModel(captions);
});

/** The vectors of the tokens of a text that was cleaned by hand, [tokens, width]. */
async function featuresOf(encoder: TextEncoderModel, text: string) {
  const { features, mask } = await encoder.encode(text, { length: SLOTS });
  const tokens = [...mask.data].filter(Boolean).length;
  return tensor([tokens, encoder.width], features.data.slice(0, tokens * encoder.width));
}

const idsOf = async (model: ImageModel, subject: object, settings: object = {}) =>
  (await generateImage({ model, seed: 5, ...subject, ...settings } as never)).images.map(({ ids }) => ids.join());

describe.each(["next-token", "next-neighbor"] as const)("%s", (decoding) => {
  test("a prompt draws what the same features draw, given by hand", async () => {
    await using encoder = await loadTextEncoder(ENCODER, { device });
    await using model = await loadImageModel(folder, { device, textEncoder: ENCODER });
    const [cat, tall] = ["Two  CATS", "A tall house (with two windows & more than fits)"];
    const [catClean, tallClean] = ["two cats", "a tall house with two windows more than fits"];
    const byHand = [
      ...(await idsOf(model, { features: await featuresOf(encoder, catClean) }, { decoding })),
      ...(await idsOf(model, { features: await featuresOf(encoder, tallClean) }, { decoding })),
    ];
    expect(byHand[0]).not.toBe(byHand[1]);
    expect([
      ...(await idsOf(model, { prompt: cat }, { decoding })),
      ...(await idsOf(model, { prompt: tall }, { decoding })),
    ]).toEqual(byHand);
    expect(await idsOf(model, { prompt: [cat, tall] }, { decoding })).toEqual(byHand); // of both lengths in one batch
  });
});

test("an encoder of the caller's serves several models and stays open", async () => {
  await using encoder = await loadTextEncoder(ENCODER, { device });
  const drawn = [];
  for (let i = 0; i < 2; i++) {
    const model = await loadImageModel(folder, { device, textEncoder: encoder });
    expect(model.textEncoder).toBe(encoder);
    drawn.push(...(await idsOf(model, { prompt: "a cat" })));
    await model.close();
  }
  expect(drawn[0]).toBe(drawn[1]);
  expect((await encoder.encode("a cat")).features.shape[2]).toBe(12);
  const model = await loadImageModel(folder, { device, textEncoder: ENCODER });
  await model.close();
  await expect(model.textEncoder!.encode("a cat")).rejects.toMatchObject({ code: "closed" });
});

test("a manifest names the encoder with its files, and the picture can be verified", async () => {
  await using model = await loadImageModel(folder, { device, textEncoder: ENCODER });
  const { images, warnings, usage } = await generateImage({ model, prompt: "a cat", seed: 3 });
  const manifest = parseManifest(JSON.parse(JSON.stringify(images[0]!.manifest)));
  expect(manifest.subject).toEqual({ prompt: "a cat", textEncoder: { name: "t5", precision: "f32" } });
  expect(Object.keys(manifest.model.sha256).sort()).toEqual([
    ...["text-encoder/config.json", "text-encoder/model.safetensors", "text-encoder/tokenizer.json"],
    ...["tokenizer.safetensors", "transformer.safetensors"],
  ]);
  expect(warnings).toEqual([]);
  expect(usage.inputTokens).toBe(model.textEncoder!.tokenize("a cat").ids.length);
  expect(await verifyImage(manifest, { model })).toMatchObject({ same: true, differences: [] });

  const encoder = await loadTextEncoder(ENCODER, { device: "cpu", threads: 1, precision: "q8", verify: false });
  await using other = await loadImageModel(folder, { device, textEncoder: encoder });
  const { differences } = await verifyImage(manifest, { model: other });
  expect(differences).toContain("text encoder: was t5 in f32, is t5 in q8");
  expect(differences).toContain("file of the model: text-encoder/model.safetensors");
  await encoder.close();

  await using deaf = await loadImageModel(folder, { device });
  await expect(verifyImage(manifest, { model: deaf })).rejects.toMatchObject({ argument: "prompt" });
  const { features } = await model.textEncoder!.encode("a cat");
  const given = tensor(features.shape.slice(1), features.data);
  const { images: byHand } = await generateImage({ model, features: given });
  expect(byHand[0]!.manifest.model.sha256).not.toHaveProperty("text-encoder/config.json");
});

test("what does not fit is cut and told of, what is empty is told of", async () => {
  await using model = await loadImageModel(folder, { device, textEncoder: ENCODER });
  const warned = async (prompt: string) =>
    (await generateImage({ model, prompt })).warnings.map((w) => "message" in w && w.message);
  expect(await warned("a tall house with two windows and more")).toEqual([
    expect.stringMatching(/^The prompt has \d+ tokens and the model reads 11; from/),
  ]);
  expect(await warned("https://example.com")).toEqual(["The prompt is empty: the pictures are of anything."]);
});

test("what cannot be is refused, with a remedy", async () => {
  await using deaf = await loadImageModel(folder, { device });
  await expect(generateImage({ model: deaf, prompt: "a cat" })).rejects.toMatchObject({
    code: "argument",
    argument: "prompt",
    message: expect.stringMatching(/takes features\. Load it with textEncoder, the folder of the text encoder/),
  });
  await using model = await loadImageModel(folder, { device, textEncoder: ENCODER });
  const features = tensor([1, 12], new Float32Array(12));
  await expect(generateImage({ model, prompt: "a", features } as never)).rejects.toMatchObject({ argument: "prompt" });
  await expect(generateImage({ model } as never)).rejects.toMatchObject({ argument: "prompt" });
  await expect(generateImage({ model, prompt: "a", style: "plain" })).rejects.toMatchObject({ argument: "style" });

  const load = (path: string, textEncoder: unknown) => loadImageModel(path, { device, textEncoder } as never);
  await expect(load(captions, ENCODER)).rejects.toThrow(/was not trained on the vectors of a text encoder/);
  await expect(load(folder, 7)).rejects.toMatchObject({ argument: "textEncoder" });
  await expect(load(folder, join(root, "nowhere"))).rejects.toMatchObject({ code: "input" });
  const other = join(root, "other");
  await writeTinyImageModel(other, { kind: "features", slots: SLOTS, size: 11 });
  const failure: unknown = await load(other, ENCODER).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ArgumentError);
  expect((failure as Error).message).toMatch(/an encoder of vectors of 11 numbers[\s\S]*one of 12/);
  await rm(other, { recursive: true });
});
