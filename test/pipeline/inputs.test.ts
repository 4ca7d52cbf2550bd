/** Assets that are made from files: masks, cut-outs, edits. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { cutOut, fromRle, pictureFile, readMask, segmentImage } from "../../src/index.js";
import { makeAssets, parseAssets, planAssets, verifyAssets } from "../../src/pipeline/index.js";
import { markingOf } from "../../src/media/marking.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { TINY_SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";
import { squarePicture, TINY_MASKS, tinyMaskModel } from "../support/tiny-mask-model.js";

const root = temporaryFolder();
const MASKS = `model: ${JSON.stringify(TINY_MASKS)}, device: reference`;
const MARK = markingOf({ model: "none", prompt: null, seed: 0, index: null });

const png = (width: number, height: number) => {
  const { rgba, ...size } = squarePicture(width, height);
  return pictureFile({ ...size, data: rgba }, "png", MARK);
};

beforeAll(async () => {
  await writeTinyImageModel(join(root, "images"));
  await mkdir(join(root, "photos"));
  for (const [name, width] of [
    ["one", 40],
    ["two", 44],
  ] as const)
    await writeFile(join(root, "photos", `${name}.png`), await png(width, 30));
});

const manifestOf = async (name: string, assets: string) => {
  const manifest = join(root, `${name}.yaml`);
  await writeFile(manifest, `output: ${name}\nassets: ${assets}`);
  return manifest;
};

describe("found in pictures", () => {
  const ASSETS = `
  masks: { kind: mask, ${MASKS}, image: [photos/one.png, photos/two.png], prompt: square, post: [{ formats: [png, json] }] }
  cuts: { kind: cut-out, ${MASKS}, image: photos/one.png, prompt: square }
  small: { kind: cut-out, ${MASKS}, image: photos/one.png, prompt: square, post: [{ resize: 16 }, { formats: webp }] }
`;

  test("a mask as PNG and as run lengths, and what lies in it, are those of segmentImage", async () => {
    const manifest = await manifestOf("found", ASSETS);
    expect((await makeAssets({ manifest })).counts).toMatchObject({ made: 3, finished: 1, failed: 0 });
    await using model = await tinyMaskModel();
    const image = join(root, "photos/one.png");
    const mask = (await segmentImage({ model, image, prompt: "square" })).masks[0]!;
    const file = join(root, "found/masks/one.png");
    expect((await readFile(file)).equals(mask.bytes)).toBe(true);
    expect(JSON.parse(await readFile(`${file}.json`, "utf8"))).toMatchObject({ kind: "tessera-mask-manifest" });
    const rle = JSON.parse(await readFile(join(root, "found/masks/one.json"), "utf8"));
    expect(fromRle(rle).inside).toEqual((await readMask(mask)).inside);
    expect(existsSync(join(root, "found/masks/two.png"))).toBe(true);
    const cut = await sharp(join(root, "found/cuts.png")).raw().toBuffer();
    expect(new Uint8Array(cut)).toEqual((await cutOut(image, mask)).rgba);
    expect(existsSync(join(root, "found/cuts.png.json")), "no manifest makes the cut-out again").toBe(false);
    expect(await sharp(join(root, "found/small.webp")).metadata()).toMatchObject({ width: 16, height: 16 });
  });

  test("kept while the picture is the same, made again when it is another, whatever its name", async () => {
    const manifest = await manifestOf("again", `{ cut: { kind: cut-out, ${MASKS}, image: photos/now.png } }`);
    const now = join(root, "photos/now.png");
    const fates = async () => {
      const { kept, restored, made } = (await makeAssets({ manifest })).counts;
      return { kept, restored, made };
    };
    await writeFile(now, await png(36, 30));
    expect(await fates()).toEqual({ kept: 0, restored: 0, made: 1 });
    expect(await fates()).toEqual({ kept: 1, restored: 0, made: 0 });
    await writeFile(now, await png(38, 30));
    expect(await fates()).toEqual({ kept: 0, restored: 0, made: 1 });
    await writeFile(now, await png(36, 30));
    expect(await fates()).toEqual({ kept: 0, restored: 1, made: 0 });
    const lock = join(root, "again.lock.json");
    expect(await verifyAssets({ lock })).toMatchObject({ same: true });
    await writeFile(now, await png(38, 30));
    const { differences } = await verifyAssets({ lock });
    expect(differences.cut).toContain("the model, or the files that it is made from");
    await rm(now);
    await expect(planAssets({ manifest })).rejects.toMatchObject({
      code: "input",
      message: expect.stringContaining(now),
    });
  });
});

test("an edit keeps what is black in the mask", async () => {
  const side = TINY_SIDE;
  await writeFile(join(root, "photos/square.png"), await png(side, side));
  const half = Uint8Array.from({ length: side * side }, (_, i) => (i % side < side / 2 ? 255 : 0));
  await sharp(half, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toFile(join(root, "photos/half.png"));
  const edit = "kind: edit, model: images, device: reference, image: photos/square.png, mask: photos/half.png, seam: 0";
  const manifest = await manifestOf("edited", `{ new: { ${edit}, prompt: red } }`);
  expect((await makeAssets({ manifest })).counts).toMatchObject({ made: 1, failed: 0 });
  const [old, now] = await Promise.all(
    ["photos/square.png", "edited/new.png"].map((file) => sharp(join(root, file)).ensureAlpha().raw().toBuffer()),
  );
  const columns = (pixels: Buffer, from: number, to: number) =>
    Array.from({ length: side }, (_, y) => [...pixels.subarray(4 * (y * side + from), 4 * (y * side + to))]).flat();
  expect(columns(now!, side / 2, side)).toEqual(columns(old!, side / 2, side));
  expect(columns(now!, 0, side / 2)).not.toEqual(columns(old!, 0, side / 2));
});

test.each([
  ["an edit without a mask", "{ kind: edit, image: photos/one.png, prompt: red }", /new\.mask/],
  ["a transcript of nothing", "{ kind: speech, text: Hello., transcript: Hello. }", /new\.transcript/],
  ["two voices", "{ kind: speech, text: Hello., voice: rms, like: me.wav }", /new\.like/],
  ["a picture that is not there", "{ kind: cut-out, image: photos/none.png }", /none\.png/],
])("%s is refused before anything is made", async (_, asset, named) => {
  const manifest = await manifestOf("refused", `{ new: ${asset} }`);
  await expect(planAssets({ manifest })).rejects.toThrow(named);
});

test("a path with a control character is no path", () => {
  expect(() => parseAssets('assets: { a: { kind: mask, image: "a\\u0007.png" } }')).toThrow(/control characters/);
});
