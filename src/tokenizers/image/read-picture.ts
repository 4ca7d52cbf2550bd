/** Pictures that a caller brings: files, their bytes, or what was generated before. */
import type { Metadata } from "sharp";
import { isIntegerIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { readBounded } from "../../base/read-file.js";
import { described } from "../../base/words.js";
import type { Picture } from "./pixels.js";
import { isSequence, sniffed } from "./picture-format.js";
import { loadSharp } from "./sharp.js";

/** The path or the bytes of a PNG, WebP, AVIF or JPEG file; or straight RGBA pixels, as a GeneratedImage has them. */
export type PictureSource =
  | string
  | Uint8Array
  | { readonly width: number; readonly height: number; readonly rgba: Uint8Array };

/** Of a picture, as it is shown: turned as its orientation says. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A file beyond this is not read. */
const MOST_BYTES = 2 ** 26;

/** A picture that takes longer to decode was made to. */
const MOST_SECONDS = 4;

/**
 * The pixels of `source`, turned as its orientation says, in memory of their own.
 *
 * @param fits judges the size before anything is decoded, and throws where it will not do.
 * @throws InputError for a path that cannot be read; ArgumentError naming `argument` for another format, an animation, a file that
 *   is empty, damaged, cut short or made to be costly, and what is no picture at all.
 */
export async function readPicture(
  argument: string,
  source: PictureSource,
  fits: (size: Size) => void = () => {},
): Promise<Picture> {
  if (typeof source === "string" && source !== "")
    return decoded(argument, await readBounded(source, MOST_BYTES), fits);
  if (source instanceof Uint8Array && source.length <= MOST_BYTES) return decoded(argument, Buffer.from(source), fits); // a copy, which the caller cannot change meanwhile
  const { width, height, rgba } = (source ?? {}) as Partial<Exclude<PictureSource, string | Uint8Array>>;
  const side = isIntegerIn(1, 2 ** 16);
  if (!side(width) || !side(height) || !(rgba instanceof Uint8Array)) return refuse(argument, source);
  if (rgba.length !== 4 * width! * height!) {
    const received = described(`${rgba.length} bytes for ${width} x ${height}`);
    throw new ArgumentError(argument, "an rgba of four bytes per pixel", received);
  }
  fits({ width: width!, height: height! });
  return { width: width!, height: height!, data: Uint8Array.from(rgba) };
}

async function decoded(argument: string, bytes: Buffer, fits: (size: Size) => void): Promise<Picture> {
  if (bytes.length === 0) return refuse(argument, described("no bytes: it is empty"));
  const kind = sniffed(bytes);
  if ("other" in kind) return refuse(argument, described(kind.other), "Convert it to PNG.");
  const { format } = kind;
  const file = `${format === "AVIF" ? "an" : "a"} ${format} file`;
  const severalFrames = () =>
    refuse(argument, described(`${file} with several frames`), "Save one of its frames as PNG.");
  if (isSequence(bytes, format)) return severalFrames();
  const broken = (cause: unknown) => {
    const slow = String(cause).includes("timeout");
    const problem = slow ? `that takes more than ${MOST_SECONDS} s to decode` : "that is damaged or cut short";
    const remedy = slow ? "Save it again with an image editor." : "Download or copy the file again.";
    return refuse(argument, described(`${file} ${problem}`), remedy, { cause });
  };
  const sharp = await loadSharp();
  const about: Metadata = await sharp(bytes, { limitInputPixels: false }).metadata().catch(broken);
  if ((about.pages ?? 1) > 1) return severalFrames();
  const { width, height } = about.autoOrient;
  fits({ width, height });
  // The decoder is held to the size that was judged, whatever the file states elsewhere.
  const { data, info } = await sharp(bytes, { limitInputPixels: width * height })
    .timeout({ seconds: MOST_SECONDS })
    .autoOrient()
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(broken);
  return { width: info.width, height: info.height, data };
}

function refuse(argument: string, received: unknown, remedy?: string, options?: ErrorOptions): never {
  const expected = "the path or the bytes of a PNG, WebP, AVIF or JPEG file, or a picture with width, height and rgba";
  throw new ArgumentError(argument, expected, received, remedy, options);
}
