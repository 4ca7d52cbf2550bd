/** The provider in the hands of the `ai` package. */
import { join } from "node:path";
import type { ImageModelV4, LanguageModelV4, ProviderV4, SpeechModelV4 } from "@ai-sdk/provider";
import {
  generateSpeech as speak,
  generateImage as draw,
  generateText as write,
  jsonSchema,
  Output,
  streamText as stream,
} from "ai";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTessera, type TesseraProvider } from "../../src/ai-sdk/index.js";
import {
  generateImage,
  generateSpeech,
  generateText,
  type ImageModel,
  type SpeechModel,
  type TextModel,
} from "../../src/index.js";
import { type ServedModels, servedModels } from "../support/served-models.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let models: ServedModels;
let [image, voice, words]: [ImageModel, SpeechModel, TextModel] = [] as never;
let tessera: TesseraProvider;

beforeAll(async () => {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  models = await servedModels(folder);
  ({ image, speech: voice, text: words } = models);
  tessera = createTessera({ images: { tiny: image }, speech: { voice }, texts: { words } });
});
afterAll(async () => {
  await models[Symbol.asyncDispose]();
});

test("has the shape of the specification, as its types state it", () => {
  const provider: ProviderV4 = tessera;
  const models: [ImageModelV4, SpeechModelV4, LanguageModelV4] = [
    tessera.imageModel("a"),
    tessera.speechModel("b"),
    tessera.languageModel("c"),
  ];
  expect(provider.specificationVersion).toBe("v4");
  for (const model of models) expect(model).toMatchObject({ specificationVersion: "v4", provider: /^tessera\./ });
  expect(() => provider.embeddingModel("d")).toThrow(/embedding model/);
});

describe("pictures", () => {
  test("are those of generateImage, n of a call all different, and the metadata tell them apart", async () => {
    const providerOptions = { tessera: { style: "round", decoding: "next-token" } };
    const model = tessera.image("tiny");
    const made = await draw({ model, prompt: "red apple", n: 3, seed: 5, providerOptions });
    const own = { style: "round", decoding: "next-token", seed: 5, n: 3 } as const;
    const expected = await generateImage({ model: image, prompt: "red apple", ...own });
    expect(made.images.map(({ uint8Array }) => new Uint8Array(uint8Array))).toEqual(
      expected.images.map(({ bytes }) => new Uint8Array(bytes)),
    );
    expect(made.image.mediaType).toBe("image/png");
    const told = made.providerMetadata.tessera!.images as { seed: number; index: number; rgbaSha256: string }[];
    expect(told.map(({ seed, index }) => [seed, index])).toEqual([
      [5, 0],
      [5, 1],
      [5, 2],
    ]);
    expect(new Set(told.map(({ rgbaSha256 }) => rgbaSha256)).size).toBe(3);
    expect(made.usage).toMatchObject({ outputTokens: expected.usage.outputTokens });
  });

  test("differ from call to call without a seed, which is told", async () => {
    const seeds = [];
    for (const _ of [1, 2]) {
      const { image: made, providerMetadata } = await draw({ model: tessera.image("tiny"), prompt: "red apple" });
      const { seed } = providerMetadata.tessera!.images[0] as { seed: number };
      const [again] = (await generateImage({ model: image, prompt: "red apple", seed })).images;
      expect(new Uint8Array(made.uint8Array)).toEqual(new Uint8Array(again!.bytes));
      seeds.push(seed);
    }
    expect(seeds[0]).not.toBe(seeds[1]);
  });

  test("are drawn into a picture", async () => {
    const grey = { width: TINY_SIDE, height: TINY_SIDE, channels: 3, background: "#888" } as const;
    const picture = await sharp({ create: grey }).png().toBuffer();
    const half = { create: { ...grey, width: TINY_SIDE / 2, background: "#fff" } };
    const black = sharp({ create: { ...grey, background: "#000" } });
    const mask = await black
      .composite([{ input: await sharp(half).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const prompt = { text: "red", images: [picture], mask };
    const { image: made } = await draw({ model: tessera.image("tiny"), prompt, seed: 1 });
    const [left, right] = await Promise.all(
      [0, TINY_SIDE - 4].map(async (at) => {
        const part = { left: at, top: 0, width: 2, height: 2 };
        return (await sharp(made.uint8Array).extract(part).removeAlpha().raw().toBuffer()).toString("hex");
      }),
    );
    expect(right).toBe("88".repeat(12));
    expect(left).not.toBe(right);
    const unmasked = draw({ model: tessera.image("tiny"), prompt: { text: "red", images: [picture] }, maxRetries: 0 });
    await expect(unmasked).rejects.toThrow(/mask/);
  });

  test("warn of what is not supported", async () => {
    const { warnings } = await draw({ model: tessera.image("tiny"), prompt: "red", aspectRatio: "16:9", seed: 1 });
    expect(warnings).toEqual([{ type: "unsupported", feature: "aspectRatio", details: expect.any(String) }]);
  });

  test("stop when the signal says so, and the model goes on", async () => {
    const controller = new AbortController();
    const running = draw({ model: tessera.image("tiny"), prompt: "red", n: 300, abortSignal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(running).rejects.toThrow(/enough/);
    expect((await draw({ model: tessera.image("tiny"), prompt: "red" })).images).toHaveLength(1);
  });

  test("a model's folder is a name, too", async () => {
    const model = createTessera().image(join(folder, "image"));
    const { responses } = await draw({ model, prompt: "red", seed: 1 });
    expect(responses[0]).toMatchObject({ modelId: "tiny" });
  });
});

test("speech is that of generateSpeech, with warnings of what a voice cannot do", async () => {
  const asked = { text: "hello world", language: "fr", instructions: "sadly", outputFormat: "aac" };
  const providerOptions = { tessera: { seed: 3 } };
  const made = await speak({ model: tessera.speech("voice"), ...asked, providerOptions });
  const [expected] = (await generateSpeech({ model: voice, text: asked.text, seed: 3 })).speeches;
  expect(new Uint8Array(made.audio.uint8Array)).toEqual(new Uint8Array(expected!.bytes));
  expect(made.audio.mediaType).toMatch(/wav/);
  expect(made.providerMetadata.tessera).toMatchObject({ seed: 3, words: [{ text: "hello" }, { text: "world" }] });
  const features = made.warnings.map((warning) => (warning as { feature: string }).feature);
  expect(features.sort()).toEqual(["instructions", "language", "outputFormat"]);
});

describe("texts", () => {
  const settings = { seed: 4, temperature: 1, maxOutputTokens: 12 };
  const messages = [{ role: "user" as const, content: "Hello" }];

  test("are those of generateText", async () => {
    const made = await write({ model: tessera.languageModel("words"), messages, ...settings });
    const expected = await generateText({ model: words, messages, ...settings });
    expect({ text: made.text, reason: made.finishReason }).toEqual({
      text: expected.text,
      reason: expected.finishReason,
    });
    expect(made.usage).toMatchObject({
      inputTokens: expected.usage.inputTokens,
      outputTokens: expected.usage.outputTokens,
    });
  });

  test("are led away from a negative prompt", async () => {
    const guided = { guidance: 3, negativePrompt: "b" };
    const providerOptions = { tessera: guided };
    const made = await write({ model: tessera.languageModel("words"), messages, ...settings, providerOptions });
    expect(made.text).toBe((await generateText({ model: words, messages, ...settings, ...guided })).text);
    expect(made.text).not.toBe((await generateText({ model: words, messages, ...settings })).text);
  });

  test("come piece by piece", async () => {
    const { textStream, text, usage } = stream({ model: tessera.languageModel("words"), messages, ...settings });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe((await generateText({ model: words, messages, ...settings })).text);
    expect(await text).toBe(pieces.join(""));
    expect((await usage).outputTokens).toBeGreaterThan(0);
  });

  test("keep to a schema", async () => {
    const schema = jsonSchema<{ a: number }>({
      type: "object",
      properties: { a: { enum: [1, 2] } },
      required: ["a"],
      additionalProperties: false,
    });
    const asked = { ...settings, maxOutputTokens: 100, output: Output.object({ schema }) };
    const { output } = await write({ model: tessera.languageModel("words"), messages, ...asked });
    expect([1, 2]).toContain((output as { a: number }).a);
  });

  test("stop when the signal says so", async () => {
    const controller = new AbortController();
    const asked = { ...settings, maxOutputTokens: 1000, abortSignal: controller.signal };
    const parts: string[] = [];
    const { fullStream } = stream({ model: tessera.languageModel("words"), messages, ...asked, onError() {} });
    for await (const { type } of fullStream) {
      parts.push(type);
      if (type === "text-delta") controller.abort();
    }
    expect(parts.at(-1)).toBe("abort");
    expect(parts.length).toBeLessThan(500);
  });

  test("a failure on the way is told", async () => {
    const errors: unknown[] = [];
    const asked = { messages, maxOutputTokens: 1e6, maxRetries: 0 };
    const { textStream } = stream({
      model: tessera.languageModel("words"),
      ...asked,
      onError: ({ error }) => void errors.push(error),
    });
    for await (const _ of textStream);
    expect(errors[0]).toMatchObject({ code: "argument", argument: "maxOutputTokens" });
  });
});
