/** Best of several pictures: which are drawn, which is kept, and what the manifest says of it. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type GenerateImageOptions,
  generateImage,
  type ImageModel,
  loadImageModel,
  parseManifest,
  streamImage,
  verifyImage,
} from "../../src/index.js";
import { pixelsOf } from "../../src/tokenizers/image/pixels.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { ENCODED_CAPTION, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  const path = join(folder, "tiny");
  await writeTinyImageModel(path, ENCODED_CAPTION, ["next-token", "next-scale"]);
  model = await loadImageModel(path, { device: "reference" });
});
afterAll(() => model.close());

const prompt = "red apple";
const draw = (options: Partial<GenerateImageOptions> = {}) => generateImage({ model, prompt, ...options });

/** How near a picture lies to the prompt, shrunk by hand: the mean of the pixels that an eighth of it covers. */
async function nearness({ rgba, width }: { readonly rgba: Uint8Array; readonly width: number }): Promise<number> {
  const sharp = (await import("sharp")).default;
  const raw = { width, height: width, channels: 4 } as const;
  const twice = await sharp(rgba, { raw }).resize(16, 16, { kernel: "lanczos3" }).raw().toBuffer();
  const pixels = pixelsOf([{ width: 16, height: 16, data: new Uint8Array(twice) }], 4).data;
  const at = (c: number, y: number, x: number) => pixels[c * 256 + y * 16 + x]!;
  const data = Float32Array.from({ length: 4 * 64 }, (_, i) => {
    const [c, y, x] = [Math.floor(i / 64), 2 * (Math.floor(i / 8) % 8), 2 * (i % 8)];
    return (at(c, y, x) + at(c, y, x + 1) + at(c, y + 1, x) + at(c, y + 1, x + 1)) / 4;
  });
  const vectors = await model.captionEncoder!.vectors([...model.captions!.encode(prompt)].slice(0, 6));
  return (await (await model.pictureEncoder!.open()).nearness(vectors, { shape: [1, 4, 8, 8], data }))[0]!;
}

test.each(["next-token", "next-scale"] as const)(
  "the picture kept is the nearest of those that %s draws",
  async (decoding) => {
    const { images: all } = await draw({ decoding, n: 8 });
    const { images: best, usage } = await draw({ decoding, n: 2, candidates: 4 });
    expect(usage.outputTokens).toBe(8 * all[0]!.ids.length);
    for (const [item, image] of best.entries()) {
      const those = await Promise.all(all.slice(4 * item, 4 * item + 4).map(nearness));
      const chosen = those.indexOf(Math.max(...those));
      expect(image.manifest).toMatchObject({ index: item, candidates: { count: 4, chosen } });
      expect(image.ids).toEqual(all[4 * item + chosen]!.ids);
      expect(image.rgba).toEqual(all[4 * item + chosen]!.rgba);
    }
  },
);

test("a later picture is the same alone, and verified by drawing its candidates again", async () => {
  const [, second] = (await draw({ n: 2, candidates: 3 })).images;
  const [alone] = (await draw({ firstIndex: 1, candidates: 3 })).images;
  expect(alone!.rgba).toEqual(second!.rgba);
  const { manifest } = alone!;
  expect(Object.keys(manifest.model.sha256)).toContain("picture-encoder.safetensors");
  expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  expect(await verifyImage(manifest, { model })).toMatchObject({ same: true, differences: [] });
});

test("previews are those of one candidate, and progress counts all", async () => {
  const previews: number[] = [];
  let total: number | null = null;
  for await (const event of streamImage({ model, prompt, candidates: 2, previewCount: 3 })) {
    if (event.type === "run-start") total = event.total;
    if (event.type === "image-preview") previews.push(event.index);
    if (event.type === "image-end") expect(event.image).not.toHaveProperty("candidate");
  }
  expect([previews, total]).toEqual([[0, 0, 0], 50]);
});

test("an empty prompt has no best: the first candidate is kept", async () => {
  expect((await draw({ prompt: "", candidates: 2 })).images[0]!.manifest.candidates).toEqual({ count: 2, chosen: 0 });
});

test("a model that cannot choose says so, and numbers that make no sense are refused", async () => {
  const path = join(folder, "plain");
  await writeTinyImageModel(path);
  const plain = await loadImageModel(path, { device: "reference" });
  await expect(generateImage({ model: plain, prompt, candidates: 2 })).rejects.toThrow(/no picture encoder/);
  expect((await generateImage({ model: plain, prompt, candidates: 1 })).images).toHaveLength(1);
  await plain.close();
  for (const candidates of [0, 17, 1.5, "2" as unknown as number])
    await expect(draw({ candidates })).rejects.toMatchObject({ argument: "candidates" });
});
