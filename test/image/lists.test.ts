/** Lists of prompts: every picture is the one that its prompt alone would give. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type DecodingName,
  editImage,
  type GenerateImageOptions,
  generateImage,
  type ImageEnd,
  type ImageModel,
  type ImagePreview,
  loadImageModel,
  streamImage,
  verifyImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { ENCODED_CAPTION, TINY_SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";

const PROMPTS = ["red apple", "le", "apple apple"];
const ORDERS: readonly DecodingName[] = ["next-scale", "next-token", "jacobi", "next-neighbor"];

describe.each([["a table of tokens", undefined] as const, ["a caption encoder", ENCODED_CAPTION] as const])(
  "over %s",
  (_, condition) => {
    const folder = temporaryFolder();
    let model: ImageModel;
    beforeAll(async () => {
      await writeTinyImageModel(folder, condition, ["next-scale", "next-token", "next-neighbor"]);
      model = await loadImageModel(folder, { device: "cpu", threads: 1 });
    });
    afterAll(() => model.close());
    const draw = async (options: Partial<GenerateImageOptions> & { readonly prompt: string | readonly string[] }) =>
      generateImage({ model, seed: 7, ...options });

    test.each(ORDERS)("%s", async (decoding) => {
      const settings = { decoding, n: 2, firstIndex: 3 };
      const { images, usage } = await draw({ prompt: PROMPTS, ...settings });
      const alone = await Promise.all(PROMPTS.map((prompt) => draw({ prompt, ...settings })));
      expect(images.map(({ manifest }) => manifest)).toEqual(
        alone.flatMap((result) => result.images.map(({ manifest }) => manifest)),
      );
      expect(images.map(({ promptIndex, index }) => [promptIndex, index])).toEqual(
        PROMPTS.flatMap((_, prompt) => [3, 4].map((index) => [prompt, index])),
      );
      for (const name of ["inputTokens", "outputTokens"] as const)
        expect(usage[name]).toBe(alone.reduce((sum, result) => sum + result.usage[name], 0));
      if (decoding === "next-token") expect(usage.forwardPasses).toBe(alone[0]!.usage.forwardPasses);
    });

    test("noise of next-scale is addressed like draws", async () => {
      const decoding = { kind: "next-scale", moreSmooth: true } as const;
      const { images } = await draw({ prompt: PROMPTS, decoding });
      for (const [i, prompt] of PROMPTS.entries())
        expect((await draw({ prompt, decoding })).images[0]!.ids).toEqual(images[i]!.ids);
    });
  },
);

describe("a list", () => {
  const folder = temporaryFolder();
  let model: ImageModel;
  beforeAll(async () => {
    await writeTinyImageModel(folder, undefined, ["next-token"]);
    model = await loadImageModel(folder, { device: "cpu", threads: 1 });
  });
  afterAll(() => model.close());

  test("events say of which prompt they are, and every picture can be verified", async () => {
    const events = [];
    for await (const event of streamImage({ model, prompt: PROMPTS, seed: 2, previewEvery: 20 })) events.push(event);
    expect(events[0]).toMatchObject({ type: "run-start", n: 3, total: 75 });
    const previews = events.filter((event): event is ImagePreview => event.type === "image-preview");
    expect(previews.map(({ promptIndex, index }) => [promptIndex, index])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
    ]);
    const ends = events.filter((event): event is ImageEnd => event.type === "image-end");
    for (const [i, { image }] of ends.entries()) {
      expect(image.promptIndex).toBe(i);
      expect(image.manifest.subject).toEqual({ prompt: PROMPTS[i], style: "plain" });
      expect((await verifyImage(image.manifest, { model })).same).toBe(true);
    }
  });

  test("previewCount spreads so many previews over a picture", async () => {
    const known: number[] = [];
    for await (const event of streamImage({ model, prompt: "red", previewCount: 3 }))
      if (event.type === "image-preview") known.push(event.done);
    expect(known).toEqual([7, 13, 19]);
  });

  test("warnings of several prompts are told, those alike once", async () => {
    const long = "apple ".repeat(20);
    const { warnings } = await generateImage({ model, prompt: [long, "red", long] });
    expect(warnings).toHaveLength(1);
  });

  test("an edit draws all of them into one picture", async () => {
    const rgba = Uint8Array.from({ length: 4 * TINY_SIDE ** 2 }, (_, i) => (i % 4 === 3 || i < 800 ? 255 : 0));
    const picture = { width: TINY_SIDE, height: TINY_SIDE, rgba };
    const { images } = await editImage({ model, image: picture, mask: picture, prompt: PROMPTS, seed: 3 });
    const alone = await editImage({ model, image: picture, mask: picture, prompt: PROMPTS[2]!, seed: 3 });
    expect(images.map(({ manifest }) => manifest)[2]).toEqual(alone.images[0]!.manifest);
  });

  test.each<[unknown, number, string]>([
    [[], 1, "prompt"],
    [["red", 7], 1, "prompt"],
    [Array(501).fill("red"), 2, "prompt"],
  ])("%#: what is none is refused", async (prompt, n, argument) => {
    await expect(generateImage({ model, prompt: prompt as string[], n })).rejects.toMatchObject({ argument });
  });
});
