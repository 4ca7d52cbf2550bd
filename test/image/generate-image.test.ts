import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type GenerateImageOptions,
  generateImage,
  type ImageEvent,
  type ImageModel,
  loadImageModel,
  streamImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const TOKENS = 25;
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(folder);
  model = await loadImageModel(folder, { device: "reference" });
});
afterAll(() => model.close());

const draw = (options: Partial<GenerateImageOptions> = {}) =>
  generateImage({ model, prompt: "red apple", seed: 7, ...options } as GenerateImageOptions);

async function idsOf(options: Partial<GenerateImageOptions> = {}): Promise<string> {
  return (await draw(options)).images.map(({ ids }) => ids.join()).join("\n");
}

describe("generateImage", () => {
  test("answers pictures, usage and seed", async () => {
    const { images, usage, warnings, seed, response } = await draw();
    const [image] = images;
    expect(image).toMatchObject({ width: TINY_SIDE, height: TINY_SIDE, mediaType: "image/png", seed: 7, index: 0 });
    expect(image!.rgba).toHaveLength(4 * TINY_SIDE ** 2);
    expect(image!.ids).toHaveLength(TOKENS);
    expect(usage).toMatchObject({
      inputTokens: 3,
      outputTokens: TOKENS,
      totalTokens: TOKENS + 3,
      forwardPasses: TOKENS,
    });
    expect({ warnings, seed, id: response.modelId }).toEqual({ warnings: [], seed: 7, id: "tiny" });
  });

  test("the file holds the pixels, transparency included", async () => {
    const [image] = (await draw()).images;
    const { data, info } = await sharp(image!.bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: TINY_SIDE, height: TINY_SIDE, channels: 4 });
    expect(data.equals(image!.rgba)).toBe(true);
    expect(image!.rgba.some((value, i) => i % 4 === 3 && value < 255)).toBe(true);
  });

  test("is the same for the same seed, and three at once are three alone", async () => {
    const together = (await idsOf({ n: 3 })).split("\n");
    expect(new Set(together).size).toBe(3);
    for (const index of [2, 0, 1]) expect(await idsOf({ firstIndex: index })).toBe(together[index]);
  });

  test.each([
    { seed: 8 },
    { prompt: "red" },
    { style: "round" },
    { style: "none" },
    { guidance: 5 },
    { temperature: 0 },
    { topK: 2 },
    { topP: 0.3 },
    { minP: 0.6 },
  ])("%o changes the picture", async (change) => {
    expect(await idsOf(change as Partial<GenerateImageOptions>)).not.toBe(await idsOf());
  });

  test("jacobi makes the same pictures in fewer passes each, one after the other", async () => {
    const plain = await draw({ n: 3 });
    const alone = await draw({ n: 1 });
    for (const decoding of ["jacobi", { kind: "jacobi", window: 4, initialiser: "random" }] as const) {
      const { images, usage } = await draw({ n: 3, decoding });
      expect(images.map(({ ids }) => ids.join())).toEqual(plain.images.map(({ ids }) => ids.join()));
      expect(usage.forwardPasses).toBeLessThanOrEqual(3 * alone.usage.forwardPasses);
      expect(usage.predictedTokens).toBeGreaterThan(usage.outputTokens);
    }
    expect(plain.usage.predictedTokens).toBe(plain.usage.outputTokens);
    const ratio = { kind: "jacobi", rule: "ratio", window: 5 } as const;
    const together = (await idsOf({ n: 3, decoding: ratio })).split("\n");
    expect(await idsOf({ firstIndex: 2, decoding: ratio })).toBe(together[2]);
  });

  test("a prompt of 100,000 characters is cut at once, and a warning says where", async () => {
    const started = performance.now();
    const { warnings, usage } = await draw({ prompt: `red ${"apple pie ".repeat(10_000)}` });
    expect(performance.now() - started).toBeLessThan(5000);
    expect(usage.inputTokens).toBe(6);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      type: "other",
      message: expect.stringMatching(/reads 6; from ".+…" on it was left out/),
    });
  });

  test("names of special tokens in a prompt are text", async () => {
    expect((await draw({ prompt: "<pad>" })).usage.inputTokens).toBe(5);
  });

  test("another size is resampled and says so", async () => {
    const { images, warnings } = await draw({ size: "53x53" });
    expect(images[0]).toMatchObject({ width: 53, height: 53 });
    expect(warnings[0]).toMatchObject({ type: "other", message: expect.stringContaining("53x53") });
    expect(images[0]!.ids.join()).toBe(await idsOf());
    const hidden = images[0]!.rgba.filter((value, i, all) => i % 4 < 3 && all[i | 3] === 0 && value !== 0);
    expect(hidden).toHaveLength(0);
  });
});

describe("formats", () => {
  test.each(["png", "webp", "avif"] as const)("%s keeps transparency", async (format) => {
    const { images, warnings } = await draw({ format });
    const { data } = await sharp(images[0]!.bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    const alphas = images[0]!.rgba.filter((_, i) => i % 4 === 3);
    const read = data.filter((_, i) => i % 4 === 3);
    const most = Math.max(...alphas.map((alpha, i) => Math.abs(alpha - read[i]!)));
    expect(most).toBeLessThanOrEqual(format === "avif" ? 48 : 0); // noise is what lossy coding does worst
    expect({ mediaType: images[0]!.mediaType, warnings }).toEqual({ mediaType: `image/${format}`, warnings: [] });
  });

  test("jpeg is laid on white, with one warning for all", async () => {
    const { images, warnings } = await draw({ format: "jpeg", n: 2 });
    expect(warnings).toEqual([{ type: "other", message: expect.stringContaining("on white") }]);
    const { channels, format } = await sharp(images[0]!.bytes).metadata();
    expect({ channels, format }).toEqual({ channels: 3, format: "jpeg" });
  });
});

describe("bad options", () => {
  test.each([
    [{ guidance: Number.NaN }, "guidance"],
    [{ guidance: 0.5 }, "guidance"],
    [{ temperature: -1 }, "temperature"],
    [{ topK: 1.5 }, "topK"],
    [{ topP: 0 }, "topP"],
    [{ minP: Number.NaN }, "minP"],
    [{ n: 0 }, "n"],
    [{ n: 1001 }, "n"],
    [{ seed: -1 }, "seed"],
    [{ seed: 2 ** 53 }, "seed"],
    [{ firstIndex: 0.5 }, "firstIndex"],
    [{ size: "20x40" }, "size"],
    [{ size: "81x81" }, "size"],
    [{ size: "-20x-20" }, "size"],
    [{ prompt: undefined }, "prompt"],
    [{ prompt: 7 }, "prompt"],
    [{ prompt: "x".repeat(1_000_001) }, "prompt"],
    [{ classId: 3 }, "classId"],
    [{ previewEvery: -1 }, "previewEvery"],
    [{ decoding: 7 }, "decoding"],
    [{ decoding: { kind: "jacobi", window: 0 } }, "decoding.window"],
    [{ decoding: { kind: "jacobi", speed: 2 } }, "decoding.speed"],
    [{ decoding: { kind: "next-token", window: 2 } }, "decoding.window"],
    [{ signal: {} }, "signal"],
    [{ colour: "red" }, "options.colour"],
  ])("%o is an ArgumentError", async (change, argument) => {
    await expect(draw(change as Partial<GenerateImageOptions>)).rejects.toMatchObject({ code: "argument", argument });
  });

  test.each([{ style: "square" }, { format: "gif" }, { decoding: "widdershins" }])(
    "%o is an UnknownNameError",
    async (change) => {
      await expect(draw(change as Partial<GenerateImageOptions>)).rejects.toMatchObject({ code: "unknown-name" });
    },
  );
});

describe("streamImage", () => {
  test("tells progress, previews, pictures, the result, in this order", async () => {
    const events: ImageEvent[] = [];
    for await (const event of streamImage({ model, prompt: "red", n: 2, previewEvery: 10 })) events.push(event);
    const types = events.map(({ type }) => type);
    const passes = (count: number) => Array<string>(count).fill("tokens-accept");
    const both = ["image-preview", "image-preview"];
    expect(types).toEqual([
      "run-start",
      ...passes(10),
      ...both,
      ...passes(10),
      ...both,
      ...passes(5),
      "image-end",
      "image-end",
      "run-end",
    ]);
    const progress = events.flatMap((event) => (event.type === "tokens-accept" ? [event.done / event.total] : []));
    expect(progress).toEqual(progress.map((_, i) => (i + 1) / TOKENS));
    const preview = events.find((event) => event.type === "image-preview")!;
    const bottom = preview.picture.data.subarray(4 * TINY_SIDE * 8); // 10 of 25 tokens: the two upper rows of four pixels each
    expect(preview.picture.data.subarray(0, 4 * TINY_SIDE * 8).some((value) => value > 0)).toBe(true);
    expect(bottom.every((value) => value === 0)).toBe(true);
  });

  test("jacobi tells the same, and its previews grow", async () => {
    const known: number[] = [];
    let done = 0;
    for await (const event of streamImage({ model, prompt: "red", n: 2, previewEvery: 2, decoding: "jacobi" })) {
      if (event.type === "image-preview" && event.index === 1) known.push(event.done);
      if (event.type !== "tokens-accept") continue;
      expect(event.done).toBeGreaterThan(done);
      done = event.done;
    }
    expect(done).toBe(2 * TOKENS);
    expect(known.length).toBeGreaterThan(0);
    expect(known).toEqual([...known].sort((a, b) => a - b));
  });

  test("an abort rejects with its reason, whenever it comes, and leaves the model usable", async () => {
    const before = await idsOf();
    for (const at of [0, 1, TOKENS - 1]) {
      const controller = new AbortController();
      const reason = new Error(`stopped at ${at}`);
      if (at === 0) controller.abort(reason);
      const run = async () => {
        for await (const event of streamImage({ model, prompt: "red", signal: controller.signal })) {
          if (event.type === "tokens-accept" && event.done === at) controller.abort(reason);
        }
      };
      await expect(run()).rejects.toBe(reason);
    }
    for await (const event of streamImage({ model, prompt: "red" })) if (event.type === "tokens-accept") break;
    expect(await idsOf()).toBe(before);
  });

  test("two runs on one model do not disturb each other", async () => {
    const [alone, apple] = [await idsOf({ seed: 3, prompt: "le" }), await idsOf()];
    expect(await Promise.all([idsOf(), idsOf({ seed: 3, prompt: "le" })])).toEqual([apple, alone]);
  });
});

describe("class-conditional models", () => {
  test("take classId and refuse prompts", async () => {
    const path = join(folder, "classes");
    const config = await writeTinyImageModel(path, { kind: "class", classes: 13 });
    expect(JSON.parse(await readFile(join(path, "config.json"), "utf8"))).toEqual(config);
    const classes = await loadImageModel(path, { device: "reference" });
    const ids = async (classId: number) => (await generateImage({ model: classes, classId })).images[0]!.ids.join();
    expect(await ids(12)).not.toBe(await ids(2));
    await expect(ids(13)).rejects.toMatchObject({ argument: "classId" });
    await expect(generateImage({ model: classes, prompt: "red" })).rejects.toMatchObject({ argument: "prompt" });
    await classes.close();
  });
});

describe("feature-conditional models", () => {
  test("take features of any length, padded on the left", async () => {
    const path = join(folder, "features");
    await writeTinyImageModel(path, { kind: "features", slots: 7, size: 11 });
    const features = await loadImageModel(path, { device: "reference" });
    const of = (tokens: number, value = 0.5) => ({
      features: {
        shape: [tokens, 11],
        data: Float32Array.from({ length: tokens * 11 }, (_, i) => Math.sin(i) * value),
      },
    });
    const ids = async (subject: ReturnType<typeof of>) =>
      (await generateImage({ model: features, ...subject })).images[0]!.ids.join();
    expect(await ids(of(3))).not.toBe(await ids(of(5)));
    await expect(ids(of(8))).rejects.toMatchObject({ argument: "features" });
    await expect(ids(of(3, Number.NaN))).rejects.toMatchObject({ argument: "features" });
    await features.close();
  });
});
