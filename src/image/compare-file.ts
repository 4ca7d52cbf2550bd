/** Whether a picture file is still the one that its manifest describes. */
import { sha256 } from "../base/digest.js";
import { ArgumentError, TesseraError } from "../base/errors.js";
import { described } from "../base/words.js";
import { ENCODINGS } from "./encode.js";
import type { GeneratedImage } from "./generated-image.js";
import type { ImageManifest } from "./manifest.js";
import { readPicture } from "../tokenizers/image/read-picture.js";

/**
 * What is different about a file, in words; empty where nothing is. The pixels of a lossless file are compared with those of the
 * manifest, the pixels of a lossy one with those of the file `made` now, which only tells where `made` has the right pixels.
 */
export async function fileDifferences(
  file: string | Uint8Array,
  { picture }: ImageManifest,
  made: GeneratedImage,
): Promise<readonly string[]> {
  const digestOf = async (source: string | Uint8Array): Promise<string> => {
    const { data } = await readPicture("file", source, ({ width, height }) => {
      if (width === picture.width && height === picture.height) return;
      const received = described(`one of ${width} x ${height}`);
      throw new ArgumentError("file", `a picture of ${picture.width} x ${picture.height}`, received);
    });
    return sha256(data as Uint8Array);
  };
  try {
    const found = await digestOf(file);
    if (ENCODINGS[picture.format].lossless) return found === picture.rgbaSha256 ? [] : [CHANGED];
    if (made.manifest.picture.rgbaSha256 !== picture.rgbaSha256) return [];
    return found === (await digestOf(made.bytes)) ? [] : [CHANGED];
  } catch (error) {
    if (!TesseraError.isInstance(error)) throw error;
    return [`file: ${error.message.split("\n", 1)[0]}`];
  }
}

const CHANGED = "file: its pixels are not those of the manifest";
