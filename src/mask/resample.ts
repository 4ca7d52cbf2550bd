/** Pictures and masks at the size of the networks, and back: squashed, whatever their aspect ratio. */
import { type FloatTensor, tensor } from "../engine/tensor.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { pixelsOf } from "../tokenizers/image/pixels.js";
import type { Size } from "../tokenizers/image/read-picture.js";
import type { BinaryMask } from "./binary-mask.js";
import { sharpOf } from "../tokenizers/image/sharp.js";

/** What stands for transparency, as no colour in training does. */
const GREY = [128, 128, 128] as const;

/** A picture as a segmenter sees it, [1, 3, side, side] in [-1, 1]; what is transparent is grey. */
export async function seenPicture(picture: Picture, side: number): Promise<FloatTensor> {
  const whole = await sharpOf(picture.data as Uint8Array, picture);
  const small = await whole.resize(side, side, { kernel: "linear", fit: "fill" }).raw().toBuffer();
  return pixelsOf([{ width: side, height: side, data: small }], 3, GREY);
}

/** A mask as its tokenizer sees it, [1, side, side] in [0, 1]: the part of each pixel that belongs to it. */
export async function seenMask(mask: BinaryMask, side: number): Promise<FloatTensor> {
  const bytes = mask.inside.map((flag) => 255 * flag);
  const grey = await sharpOf(bytes, mask, 1);
  const small = await grey.resize(side, side, { kernel: "linear", fit: "fill" }).extractChannel(0).raw().toBuffer();
  return tensor(
    [1, side, side],
    Float32Array.from(small, (value) => value / 255),
  );
}

/** Probabilities [side, side] as a mask of that size: pixels where they exceed a half, between their places a line. */
export async function maskAt(probabilities: Float32Array, { width, height }: Size): Promise<BinaryMask> {
  const side = Math.sqrt(probabilities.length);
  const bytes = Uint8Array.from(probabilities, (p) => Math.round(255 * p));
  const grey = await sharpOf(bytes, { width: side, height: side }, 1);
  const large = await grey.resize(width, height, { kernel: "linear", fit: "fill" }).extractChannel(0).raw().toBuffer();
  const inside = new Uint8Array(large.length);
  for (let i = 0; i < inside.length; i++) inside[i] = large[i]! >> 7; // from 128 on
  return { width, height, inside };
}
