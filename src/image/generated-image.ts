/** One picture that was made, with all that belongs to it. */
import { type GeneratedItem, saveItem } from "../media/saved.js";
import { shownBriefly } from "../media/shown.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageManifest } from "./manifest.js";

export interface GeneratedImage extends GeneratedItem<ImageManifest> {
  /** Number of its prompt in a list of them; 0 for one. */
  readonly promptIndex: number;
  /** The file: encoded, and marked as made by a model. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  /** The pixels: rows of red, green, blue, alpha, not premultiplied, before any loss by the format. */
  readonly rgba: Uint8Array;
  /** The ids of the picture: those of its grid in raster order; of a next-scale model all grids, small to large. */
  readonly ids: Int32Array;
}

/** The picture with its save(). */
export function generatedImage(made: Omit<GeneratedImage, "save" | "mediaType">): GeneratedImage {
  const { mediaType, extensions } = ENCODINGS[made.format];
  return shownBriefly({
    ...made,
    mediaType,
    save: (path, options) => saveItem(path, { ...made, extensions }, options),
  });
}
