/** Pictures larger than a model draws them: by its upscaler, the same in every order of asking, and as the manifest says. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  editImage,
  type GenerateImageOptions,
  generateImage,
  type ImageModel,
  loadImageModel,
  parseManifest,
  verifyImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { ENCODED_CAPTION, TINY_SIDE, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  const path = join(folder, "tiny");
  await writeTinyImageModel(path, ENCODED_CAPTION);
  model = await loadImageModel(path, { device: "reference" });
});
afterAll(() => model.close());

const draw = (options: Partial<GenerateImageOptions> = {}) => generateImage({ model, prompt: "red", ...options });
const UPSCALED = { width: 4 * TINY_SIDE, height: 4 * TINY_SIDE, upscaled: true };

test("a side beyond the model's own is drawn by the upscaler, of the same ids, without a warning", async () => {
  const [small, large] = [await draw(), await draw({ size: 4 * TINY_SIDE })];
  expect(large.warnings).toEqual([]);
  const { manifest, ids, rgba } = large.images[0]!;
  expect(manifest.picture).toMatchObject(UPSCALED);
  expect(small.images[0]!.manifest.picture).toMatchObject({ width: TINY_SIDE, upscaled: false });
  expect(ids).toEqual(small.images[0]!.ids);
  for (let i = 3; i < rgba.length; i += 4) expect(rgba[i] === 0 || rgba[i]! >= 32).toBe(true);
  const same = await draw({ size: `${4 * TINY_SIDE}x${4 * TINY_SIDE}` });
  expect(same.images[0]!.rgba).toEqual(rgba);
  expect((await draw({ size: String(4 * TINY_SIDE) })).images[0]!.rgba).toEqual(rgba);
});

test("sides between are resampled from what the upscaler drew, smaller ones from what the model did", async () => {
  const [between, smaller] = [await draw({ size: 53 }), await draw({ size: 10 })];
  expect(between.images[0]!.manifest.picture).toMatchObject({ width: 53, upscaled: true });
  expect(smaller.images[0]!.manifest.picture).toMatchObject({ width: 10, upscaled: false });
  expect([between.warnings.length, smaller.warnings.length]).toEqual([0, 1]);
});

test("the manifest names the file of the upscaler where it was used, is read again, and verified", async () => {
  const [small, large] = [await draw(), await draw({ size: 4 * TINY_SIDE })].map(({ images }) => images[0]!.manifest);
  expect(Object.keys(large!.model.sha256)).toEqual([...Object.keys(small!.model.sha256), "upscaler.safetensors"]);
  expect(parseManifest(JSON.parse(JSON.stringify(large)))).toEqual(large);
  expect(await verifyImage(large!, { model })).toMatchObject({ same: true, differences: [] });
  const { candidates: _, picture, ...rest } = small!;
  const { upscaled: __, ...older } = picture;
  expect(parseManifest({ ...rest, picture: older })).toEqual(small); // of versions that had neither
});

test("what an edit draws anew in a larger picture comes from the upscaler, too", async () => {
  const original = (await draw({ size: 4 * TINY_SIDE })).images[0]!;
  const side = original.width;
  const mask = { width: side, height: side, rgba: new Uint8Array(4 * side ** 2) };
  for (let i = 0; i < mask.rgba.length; i += 4) mask.rgba.set(Array(4).fill((i / 4) % side < side / 2 ? 255 : 0), i);
  for (let i = 3; i < mask.rgba.length; i += 4) mask.rgba[i] = 255;
  const image = { width: side, height: side, rgba: original.rgba };
  const { images, warnings } = await editImage({ model, image, mask, prompt: "apple", seam: 0 });
  expect(warnings).toEqual([]);
  expect(images[0]!.manifest.picture).toMatchObject(UPSCALED);
  const column = (rgba: Uint8Array, x: number) =>
    Array.from({ length: side }, (_, y) => rgba.subarray(4 * (y * side + x), 4 * (y * side + x) + 4).join());
  expect(column(images[0]!.rgba, side - 1)).toEqual(column(original.rgba, side - 1));
  expect(column(images[0]!.rgba, 3)).not.toEqual(column(original.rgba, 3));
});

test.each([0, 81, 20.5, "81", "20x40", true, [80]])("size %j is refused", async (size) => {
  await expect(draw({ size: size as number })).rejects.toMatchObject({ argument: "size" });
});
