/** The part of a picture that lies in a mask, on transparency. */
import { extname } from "node:path";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { writeWhole } from "../base/write-file.js";
import { type PictureSource, readPicture } from "../tokenizers/image/read-picture.js";
import { type BinaryMask, checkSize, type MaskSource, readMask } from "./binary-mask.js";
import { sharpOf } from "../tokenizers/image/sharp.js";

/** A picture as straight RGBA pixels, which every function that takes a picture takes. */
export interface CutOut {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
  /** Writes it as a PNG file, which appears whole or not at all; folders are made. Throws ArgumentError for another ending, OutputError. */
  save(path: string): Promise<void>;
}

/**
 * The picture, transparent outside of the mask; what is transparent there already stays so.
 *
 * @throws ArgumentError for a picture or a mask that cannot be used, or of which sizes differ.
 */
export async function cutOut(image: PictureSource, mask: MaskSource): Promise<CutOut> {
  const { width, height, data } = await readPicture("image", image, (size) => {
    checkSize("image", size);
  });
  const bits: BinaryMask = await readMask(mask);
  if (bits.width !== width || bits.height !== height) {
    const received = described(`a mask of ${bits.width} x ${bits.height}`);
    throw new ArgumentError("mask", `a mask of ${width} x ${height}, the picture's size`, received, "Resize it first.");
  }
  const rgba = Uint8Array.from(data);
  bits.inside.forEach((flag, i) => {
    if (flag === 0) rgba.fill(0, 4 * i, 4 * i + 4);
  });
  return { width, height, rgba, save: (path) => savePng(path, { width, height, rgba }) };
}

async function savePng(path: string, picture: Omit<CutOut, "save">): Promise<void> {
  if (extname(path).toLowerCase() !== ".png")
    throw new ArgumentError("path", "a name ending in .png", path, "PNG keeps transparency to the byte.");
  const png = await (await sharpOf(picture.rgba, picture)).png().toBuffer();
  await writeWhole(path, png);
}
