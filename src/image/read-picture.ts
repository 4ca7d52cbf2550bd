/** Pictures that a caller brings: files, their bytes, or what was generated before. */
import sharp from "sharp";
import { isIntegerIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { Picture } from "../tokenizers/image/pixels.js";

/** The path or the bytes of a PNG, WebP, AVIF or JPEG file; or straight RGBA pixels, as a GeneratedImage has them. */
export type PictureSource =
  | string
  | Uint8Array
  | { readonly width: number; readonly height: number; readonly rgba: Uint8Array };

/** A file that claims more pixels than this is not opened. */
const MOST_PIXELS = 2 ** 26;

/** The pixels of `source`, turned as its orientation says. Throws ArgumentError naming `argument`. */
export async function readPicture(argument: string, source: PictureSource): Promise<Picture> {
  if (typeof source === "string" || source instanceof Uint8Array) {
    const pixels = sharp(source, { limitInputPixels: MOST_PIXELS }).autoOrient().toColourspace("srgb").ensureAlpha();
    const { data, info } = await pixels
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch(() => refuse(argument, source));
    return { width: info.width, height: info.height, data };
  }
  const { width, height, rgba } = (source ?? {}) as Partial<Exclude<PictureSource, string | Uint8Array>>;
  const side = isIntegerIn(1, 2 ** 16);
  if (!side(width) || !side(height) || !(rgba instanceof Uint8Array) || rgba.length !== 4 * width! * height!)
    return refuse(argument, source);
  return { width: width!, height: height!, data: rgba };
}

function refuse(argument: string, source: PictureSource): never {
  const expected = "the path or the bytes of a PNG, WebP, AVIF or JPEG file, or a picture with width, height and rgba";
  throw new ArgumentError(argument, expected, source);
}
