/** The medium of masks, on a model of a few weights. */
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { editImage, generateImage, loadImageModel } from "../../src/image/index.js";
import { areaOf, boxedMask, readMask } from "../../src/mask/binary-mask.js";
import { cutOut } from "../../src/mask/cut-out.js";
import { decodeMask, encodeMask } from "../../src/mask/encode-mask.js";
import { parseMaskManifest, readMaskManifest } from "../../src/mask/manifest.js";
import type { MaskModel } from "../../src/mask/model.js";
import {
  generateMask,
  type MaskEvent,
  type MaskPreview,
  type MaskResult,
  segmentImage,
  streamSegmentation,
} from "../../src/mask/segment-image.js";
import { verifyMask } from "../../src/mask/verify-mask.js";
import { parseMaskModelConfig } from "../../src/models/mask-config.js";
import { readFileSync } from "node:fs";
import { readTensors } from "../golden/case.js";
import type { FloatTensor } from "../../src/engine/tensor.js";
import { readMarking } from "../../src/media/xmp.js";
import { conformMedium } from "../media/conform-medium.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { squarePicture, TINY_MASKS, tinyMaskModel } from "../support/tiny-mask-model.js";

const image = squarePicture(40, 30);
const prompt = "car";

conformMedium("mask", {
  load: tinyMaskModel,
  stream: (options) => streamSegmentation({ image, prompt, ...options }),
  items: ({ masks }: MaskResult) => masks,
  itemOf: (event) => (event.type === "mask-end" ? (event as Extract<MaskEvent, { type: "mask-end" }>).mask : undefined),
  fingerprint: ({ ids }) => ids.join(),
  ending: "png",
  outOfRange: { temperature: -1 },
  parseManifest: parseMaskManifest,
  verify: (manifest, model: MaskModel) => verifyMask(manifest, { model, image }),
});

describe("masks", () => {
  const folder = temporaryFolder();
  let model: MaskModel;
  beforeAll(async () => {
    model = await tinyMaskModel();
  });
  afterAll(() => model.close());

  test("go into editImage as they are: what was found is drawn anew, all else stays", async () => {
    await writeTinyImageModel(folder);
    await using painter = await loadImageModel(folder, { device: "reference" });
    const picture = (await generateImage({ model: painter, prompt: "red apple", seed: 1 })).images[0]!;
    const { masks } = await segmentImage({ model, image: picture, prompt, n: 5 });
    const part = ({ area, inside }: { area: number; inside: Uint8Array }) => area > 0 && area < inside.length;
    const mask = masks.find(part)!;
    const edit = { model: painter, image: picture, mask, prompt: "blue car", seed: 2, seam: 0 };
    const { images } = await editImage(edit);
    const pixel = (of: { readonly rgba: Uint8Array }, i: number) => of.rgba.subarray(4 * i, 4 * i + 4).join();
    const changed = Array.from(mask.inside, (_, i) => Number(pixel(images[0]!, i) !== pixel(picture, i)));
    expect(changed.filter((is, i) => is === 1 && mask.inside[i] === 0)).toEqual([]);
    expect(changed).toContain(1);
  });

  test("have the picture's size, and their file is the mask, marked as made by a model", async () => {
    const { masks } = await segmentImage({ model, image, prompt, seed: 3 });
    const mask = masks[0]!;
    expect(mask).toMatchObject({ width: 40, height: 30, area: areaOf(mask), mediaType: "image/png" });
    expect(mask.ids.length).toBe(7);
    const { inside } = await readMask(mask.bytes);
    expect(inside).toEqual(mask.inside);
    expect((await sharp(mask.bytes).metadata()).channels).toBe(1);
    expect(await readMarking(mask.bytes)).toMatchObject({ prompt, seed: 3, model: "tiny-masks 1" });
  });

  test("come from coarse to fine, and previews are their prefixes", async () => {
    const events: MaskEvent[] = [];
    for await (const event of streamSegmentation({ model, image, prompt, previews: "tokens", reading: "hard" }))
      events.push(event);
    const previews = events.filter((event): event is MaskPreview => event.type === "mask-preview");
    expect(previews.map(({ tokens }) => tokens)).toEqual([1, 2, 4]);
    const { ids } = events.flatMap((event) => (event.type === "mask-end" ? [event.mask] : []))[0]!;
    const four = await decodeMask(ids.slice(0, 4), { model, width: 40, height: 30 });
    expect(previews[2]!.mask).toEqual(four);
    const { masks } = await segmentImage({ model, image, prompt, tokens: 4, reading: "hard" });
    expect(masks[0]!.inside).toEqual(four.inside);
    expect(masks[0]!.manifest.tokens.count).toBe(4);
  });

  test("by jacobi are those by next-token; words and picture matter", async () => {
    const run = { model, prompt, seed: 5, n: 3 };
    const negative = { ...image, rgba: image.rgba.map((value, i) => (i % 4 === 3 ? value : 255 - value)) };
    const idsOf = ({ masks }: MaskResult) => masks.map(({ ids }) => ids.join());
    const plain = idsOf(await segmentImage({ ...run, image }));
    expect(idsOf(await segmentImage({ ...run, image, decoding: "jacobi" }))).toEqual(plain);
    expect(idsOf(await segmentImage({ ...run, image, prompt: "sun" }))).not.toEqual(plain);
    expect(idsOf(await segmentImage({ ...run, image: negative }))).not.toEqual(plain);
    expect(idsOf(await generateMask(run))).not.toEqual(plain);
  });

  test("of words alone are found again from their manifest", async () => {
    const { masks } = await generateMask({ model, prompt, seed: 9, width: 50, height: 20 });
    const path = join(folder, "car.png");
    await masks[0]!.save(path, { manifest: true });
    const manifest = await readMaskManifest(`${path}.json`);
    expect(manifest.subject.imageSha256).toBeNull();
    expect(await verifyMask(manifest, { model })).toMatchObject({ same: true, differences: [] });
  });

  test("are not verified with another picture", async () => {
    const { masks } = await segmentImage({ model, image, prompt });
    const other = verifyMask(masks[0]!.manifest, { model, image: squarePicture(40, 31) });
    await expect(other).rejects.toMatchObject({ code: "argument", argument: "image" });
  });

  test("that do not fit the prompt in are told of", async () => {
    const { warnings } = await segmentImage({ model, image, prompt: "a long story about cars" });
    expect(JSON.stringify(warnings)).toContain("the model reads 5");
  });
});

describe("tokens", () => {
  let model: MaskModel;
  beforeAll(async () => {
    model = await tinyMaskModel();
  });
  afterAll(() => model.close());

  test("are those of the recipe", async () => {
    const io = await readTensors(TINY_MASKS);
    const masks = io.get("masks") as FloatTensor;
    expect(Array.from((await model.masks.encode(masks)).data)).toEqual(Array.from(io.get("ids")!.data));
  });

  test("of a mask do not depend on how it is given", async () => {
    const box = boxedMask([0.2, 0.3, 0.8, 0.9], { width: 64, height: 48 });
    const ids = await encodeMask(box, { model });
    const png = await sharp(
      box.inside.map((flag) => 255 * flag),
      { raw: { width: 64, height: 48, channels: 1 } },
    )
      .png()
      .toBuffer();
    expect(await encodeMask(png, { model })).toEqual(ids);
    expect(await encodeMask(box, { model: TINY_MASKS })).toEqual(ids);
    expect(ids.every((id) => id >= 0 && id < model.vocabularySize)).toBe(true);
    const full = { width: 8, height: 8, inside: new Uint8Array(64).fill(1) };
    expect((await encodeMask(full, { model })).length).toBe(7);
  });

  test("that are none, and masks without any, are ArgumentErrors", async () => {
    const size = { model, width: 10, height: 10 };
    const refused = (argument: string) => ({ code: "argument", argument });
    await expect(decodeMask([], size)).rejects.toMatchObject(refused("ids"));
    await expect(decodeMask([1, 2, 3, 4, 5, 6, 7, 8], size)).rejects.toMatchObject(refused("ids"));
    await expect(decodeMask([64], size)).rejects.toMatchObject(refused("ids"));
    await expect(decodeMask([1], { ...size, width: 0 })).rejects.toMatchObject(refused("size"));
    await expect(decodeMask([1], { ...size, width: 65536, height: 65536 })).rejects.toMatchObject(refused("size"));
    const empty = { width: 2, height: 2, inside: new Uint8Array(4) };
    await expect(encodeMask(empty, { model })).rejects.toMatchObject(refused("mask"));
  });
});

describe("cutting out", () => {
  test("keeps what lies in the mask and clears the rest", async () => {
    const { rgba } = await cutOut(image, boxedMask([0, 0, 1, 0.5], image));
    expect(rgba.subarray(0, 4)).toEqual(image.rgba.subarray(0, 4));
    expect(Array.from(rgba.subarray(4 * 39, 4 * 40))).toEqual([0, 0, 0, 0]);
    await expect(cutOut(image, boxedMask([0, 0, 1, 1], { width: 4, height: 4 }))).rejects.toThrow("40 x 30");
  });
});

describe("a config.json", () => {
  const json = JSON.parse(readFileSync(join(TINY_MASKS, "config.json"), "utf8")) as {
    readonly segmenter: { readonly config: object };
  };
  test("of another kind, or whose parts do not fit, is refused", () => {
    expect(parseMaskModelConfig(json, "config.json").name).toBe("tiny-masks");
    expect(() => parseMaskModelConfig({ ...json, kind: "mesh" }, "config.json")).toThrow("kind");
    const segmenter = { ...json.segmenter, config: { ...json.segmenter.config, positions: 5 } };
    expect(() => parseMaskModelConfig({ ...json, segmenter }, "config.json")).toThrow("tokenizer's 7");
    expect(() => parseMaskModelConfig({ ...json, colour: 1 }, "config.json")).toThrow("colour");
  });
});
