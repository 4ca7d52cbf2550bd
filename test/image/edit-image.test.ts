import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
  type DecodingName,
  type EditImageOptions,
  editImage,
  type GeneratedImage,
  generateImage,
  type ImageModel,
  loadImageModel,
  parseManifest,
  readMarking,
  streamEdit,
  verifyImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE as SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
let image: GeneratedImage;
beforeAll(async () => {
  await writeTinyImageModel(folder, undefined, ["next-scale", "next-token", "next-neighbor"]);
  model = await loadImageModel(folder, { device: "reference" });
  image = (await generateImage({ model, prompt: "red apple", seed: 3 })).images[0]!;
});
afterAll(() => model.close());

/** White where `white` says so, black elsewhere; opaque. */
const painted = (white: (x: number, y: number) => boolean, side = SIDE) => ({
  width: side,
  height: side,
  rgba: Uint8Array.from({ length: 4 * side ** 2 }, (_, i) => {
    const pixel = i >> 2;
    return (i & 3) === 3 || white(pixel % side, Math.floor(pixel / side)) ? 255 : 0;
  }),
});

/** Cells are squares of four pixels: the last two columns of them, but for two pixels of the first of these. */
const isRight = (x: number) => x >= 14;
const right = painted(isRight);
const drawnCells = Array.from({ length: 25 }, (_, cell) => cell % 5 >= 3);

const edit = (options: Partial<EditImageOptions> = {}) =>
  editImage({ model, image, mask: right, prompt: "le", seed: 9, ...options } as EditImageOptions);

const pixel = (rgba: Uint8Array, x: number, y: number, side = SIDE) =>
  [...rgba.subarray(4 * (y * side + x), 4 * (y * side + x) + 4)].join();

describe.each<DecodingName>(["next-scale", "next-token", "jacobi", "next-neighbor"])("%s", (decoding) => {
  test("keeps black to the byte beyond the seam and draws white anew", async () => {
    for (const seam of [0, 3]) {
      const { images } = await edit({ decoding, seam });
      const { rgba } = images[0]!;
      let changed = 0;
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) {
          if (x < 14 - seam) expect(pixel(rgba, x, y)).toBe(pixel(image.rgba, x, y));
          else if (isRight(x) && pixel(rgba, x, y) !== pixel(image.rgba, x, y)) changed++;
        }
      expect(changed).toBeGreaterThan(SIDE);
    }
  });

  test("keeps the ids of kept cells", async () => {
    const route = model.routes.find(({ decodings }) => decodings.includes(decoding))!;
    const given = await (await route.network()).idsOf({ width: SIDE, height: SIDE, data: image.rgba });
    const { ids } = (await edit({ decoding })).images[0]!;
    const last = ids.subarray(-25); // the only grid, or the last one
    drawnCells.forEach((drawn, cell) => drawn || expect(last[cell]).toBe(given.subarray(-25)[cell]));
    expect(drawnCells.some((drawn, cell) => drawn && last[cell] !== given.subarray(-25)[cell])).toBe(true);
  });

  test("each of several is what it is alone; seeds, prompts and masks count", async () => {
    const three = (await edit({ decoding, n: 3 })).images;
    expect(new Set(three.map(({ ids }) => ids.join())).size).toBe(3);
    const [alone] = (await edit({ decoding, firstIndex: 2 })).images;
    expect(alone!.rgba).toEqual(three[2]!.rgba);
    expect(alone!.manifest).toEqual(three[2]!.manifest);
    for (const change of [{ seed: 10 }, { prompt: "apple" }, { mask: painted((_, y) => y > 15) }])
      expect((await edit({ decoding, ...change })).images[0]!.ids).not.toEqual(three[0]!.ids);
  });
});

test("jacobi edits as next-token does, in fewer passes", async () => {
  const [plain, jacobi] = [await edit({ decoding: "next-token" }), await edit({ decoding: "jacobi" })];
  expect(jacobi.images[0]!.ids).toEqual(plain.images[0]!.ids);
  expect(jacobi.usage.forwardPasses).toBeLessThan(plain.usage.forwardPasses);
});

test("a seam fades from the new to the old, and reaches as far as it says", async () => {
  const of = async (seam: number) => (await edit({ seam })).images[0]!.rgba;
  const [hard, soft] = [await of(0), await of(3)];
  for (let y = 0; y < SIDE; y++) {
    for (let x = 14; x < SIDE; x++) expect(pixel(soft, x, y)).toBe(pixel(hard, x, y));
    for (let x = 0; x < 11; x++) expect(pixel(soft, x, y)).toBe(pixel(image.rgba, x, y));
  }
  const between = Array.from({ length: 3 * SIDE }, (_, i) => [11 + (i % 3), Math.floor(i / 3)] as const);
  expect(between.some(([x, y]) => pixel(soft, x, y) !== pixel(image.rgba, x, y))).toBe(true);
});

test("a picture of another size keeps it, with its own pixels; the mask is of either size", async () => {
  const side = 3 * SIDE;
  const large = await sharp(image.rgba, { raw: { width: SIDE, height: SIDE, channels: 4 } })
    .resize(side, side, { kernel: "nearest" })
    .png()
    .toBuffer();
  const rgba = new Uint8Array(await sharp(large).raw().toBuffer());
  const { images, warnings } = await edit({ image: large, seam: 0 });
  expect(images[0]).toMatchObject({ width: side, height: side });
  expect(warnings[0]).toMatchObject({ message: expect.stringContaining("resampled") });
  for (let x = 0; x < 42; x++) expect(pixel(images[0]!.rgba, x, 7, side)).toBe(pixel(rgba, x, 7, side));
  const same = await edit({ image: large, seam: 0, mask: painted((x) => x >= 42, side) });
  expect(same.images[0]!.rgba).toEqual(images[0]!.rgba);
});

test("files, bytes and greys", async () => {
  const [picture, mask] = [join(folder, "picture.png"), join(folder, "mask.png")];
  await image.save(picture);
  const grey = Uint8Array.from({ length: SIDE ** 2 }, (_, i) => (isRight(i % SIDE) ? 128 : 127));
  await sharp(grey, { raw: { width: SIDE, height: SIDE, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toFile(mask);
  const known = (await edit()).images[0]!;
  for (const source of [picture, await readFile(picture)]) {
    const [again] = (await edit({ image: source, mask })).images;
    expect(again!.rgba).toEqual(known.rgba);
  }
  const clear = {
    ...right,
    rgba: right.rgba.map((value, i) => ((i & 3) === 3 ? 255 * Number(isRight((i >> 2) % SIDE)) : value)),
  };
  expect((await edit({ mask: clear })).images[0]!.rgba).toEqual(known.rgba);
});

test("the file says that a model made a part of it, and the manifest what was given", async () => {
  const [made] = (await edit()).images;
  expect(await readMarking(made!.bytes)).toMatchObject({ digitalSourceType: COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA });
  const { manifest } = made!;
  expect(manifest).toMatchObject({ digitalSourceType: COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA, edit: { seam: 4 } });
  expect(manifest.edit!.imageSha256).toBe(image.manifest.picture.rgbaSha256);
  expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
  await expect(verifyImage(manifest, { model })).rejects.toMatchObject({
    ...{ code: "argument", argument: "manifest.edit" },
    remedy: expect.stringContaining("editImage"),
  });
});

test("streams previews and stops by a signal", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const types: string[] = [];
  const options = { model, image, mask: right, prompt: "le", previewEvery: 1, signal: controller.signal } as const;
  await expect(async () => {
    for await (const { type } of streamEdit(options)) {
      types.push(type);
      if (type === "image-preview") controller.abort(reason);
    }
  }).rejects.toBe(reason);
  expect(types).toEqual(["run-start", "tokens-accept", "image-preview"]);
  const raster = streamEdit({ ...options, signal: undefined, decoding: "next-token" });
  for await (const event of raster) {
    if (event.type !== "image-preview") continue;
    const { data } = event.picture; // one token is drawn, and the kept ones of the last row are shown, too
    expect(data.subarray(4 * SIDE * (SIDE - 1), 4 * SIDE * (SIDE - 1) + 48).some((byte) => byte > 0)).toBe(true);
    break;
  }
});

test("classes, too", async () => {
  const path = join(folder, "classes");
  await writeTinyImageModel(path, { kind: "class", classes: 13 }, ["next-scale"]);
  await using classes = await loadImageModel(path, { device: "reference" });
  const of = async (classId: number) =>
    (await editImage({ model: classes, image, mask: right, classId })).images[0]!.ids.join();
  expect(await of(4)).not.toBe(await of(5));
});

describe("refused", () => {
  const garbage = join(folder, "garbage.png");
  beforeAll(() => writeFile(garbage, "no picture"));
  const rows: [string, () => Partial<EditImageOptions>, string, RegExp][] = [
    ["a mask of another size", () => ({ mask: painted(isRight, 19) }), "mask", /20 x 20 pixels/],
    [
      "a mask that is no square",
      () => ({ mask: { width: 20, height: 10, rgba: new Uint8Array(800) } }),
      "mask",
      /20 x 20/,
    ],
    ["a black mask", () => ({ mask: painted(() => false) }), "mask", /white/],
    ["a white mask", () => ({ mask: painted(() => true) }), "mask", /generateImage/],
    [
      "a mask that leaves no whole cell",
      () => ({ mask: painted((x, y) => x % 4 === 1 && y % 4 === 1) }),
      "mask",
      /5 x 5/,
    ],
    [
      "a picture that is no square",
      () => ({ image: { width: 20, height: 10, rgba: new Uint8Array(800) } }),
      "image",
      /square/,
    ],
    ["a picture that is too large", () => ({ image: painted(isRight, 81) }), "image", /80 x 80/],
    ["a file that is no picture", () => ({ mask: garbage }), "mask", /PNG/],
    ["pixels that are too few", () => ({ image: { ...right, rgba: new Uint8Array(5) } }), "image", /rgba/],
    ["nothing", () => ({ image: undefined as never }), "image", /rgba/],
    ["a seam below 0", () => ({ seam: -1 }), "seam", /0 to 64/],
    ["a size", () => ({ size: "20x20" }) as object, "size", /size of its picture/],
    ["a prompt that is none", () => ({ prompt: 7 as never }), "prompt", /text/],
  ];
  test.each(rows)("%s", async (_, change, argument, message) => {
    await expect(edit(change())).rejects.toMatchObject({
      code: "argument",
      argument,
      message: expect.stringMatching(message),
    });
  });

  test("a file that is not there", async () => {
    const path = join(folder, "none.png");
    await expect(edit({ image: path })).rejects.toMatchObject({
      code: "input",
      path,
      message: expect.stringMatching(/file not found/),
    });
  });

  test("a decoding that the model was not trained for", async () => {
    await expect(edit({ decoding: "parallel-regions" })).rejects.toMatchObject({
      code: "unknown-name",
      known: [...model.decodings],
    });
  });
});
