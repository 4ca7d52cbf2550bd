/** A mask model of a few weights, made by training/masks/make_fixtures.py. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadMaskModel, type MaskModel } from "../../src/mask/model.js";
import { referenceEngine } from "../../src/engine/reference.js";
import { type FloatTensor, i32 } from "../../src/engine/tensor.js";
import { openCheckpoint } from "../../src/engine/weights/open.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";

export const TINY_MASKS = fileURLToPath(new URL("../fixtures/masks", import.meta.url));

/** The same with a brighter picture behind its tokens, so that masks have pixels inside and outside; those of the fixture are all empty. */
export async function brightMaskModel(folder: string): Promise<MaskModel> {
  const ids = i32([1, 6], [3, 1, 4, 1, 5, 9]);
  await using dark = await tinyMaskModel();
  const { data } = await dark.masks.decode(ids);
  const middle = [...data].sort((a, b) => a - b)[data.length >> 1]!;
  const file = "tokenizer.safetensors";
  const checkpoint = await openCheckpoint(join(TINY_MASKS, file));
  const names = [...checkpoint.entries.keys()];
  const tensors = new Map<string, FloatTensor>();
  for (const name of names)
    tensors.set(name, { shape: checkpoint.entries.get(name)!.shape, data: await checkpoint.floats(name) });
  await checkpoint.close();
  const bias = tensors.get("pixel_decoder.conv_out.bias")!.data as Float32Array;
  for (const channel of bias.keys()) bias[channel]! -= Math.log(middle / (1 - middle)) / 5; // of sigmoid(5 · (grey - 0.5))
  await cp(TINY_MASKS, folder, { recursive: true });
  await writeSafetensors(join(folder, file), tensors);
  return loadMaskModel(folder, { engine: referenceEngine(), verify: false });
}

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
