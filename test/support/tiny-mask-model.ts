/** A mask model of a few weights, made by training/masks/make_fixtures.py. */
import { fileURLToPath } from "node:url";
import { loadMaskModel, type MaskModel } from "../../src/mask/model.js";
import { referenceEngine } from "../../src/engine/reference.js";

export const TINY_MASKS = fileURLToPath(new URL("../fixtures/masks", import.meta.url));

export const tinyMaskModel = (): Promise<MaskModel> => loadMaskModel(TINY_MASKS, { engine: referenceEngine() });

/** A picture of `width` x `height` with a bright square in it. */
export function squarePicture(width: number, height: number) {
  const rgba = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const bright = x > width / 4 && x < width / 2 && y > height / 4 && y < (3 * height) / 4;
    rgba.set(bright ? [250, 200, 20, 255] : [20, 40, 90, 255], 4 * i);
  }
  return { width, height, rgba };
}
