/** One picture that was made, with all that belongs to it. */
import { extname } from "node:path";
import { ArgumentError } from "../base/errors.js";
import { type OutputFile, writeTogether } from "../base/write-file.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageManifest } from "./manifest.js";

export interface GeneratedImage {
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
  readonly seed: number;
  /** Number of the picture among those of its seed. */
  readonly index: number;
  readonly manifest: ImageManifest;
  /**
   * Writes the file, and `<path>.json` with the manifest where asked for. Either all of it appears or nothing; folders are made.
   * Answers the paths written. Throws OutputError, or ArgumentError for an ending that is another format's.
   */
  save(path: string, options?: { readonly manifest?: boolean | undefined }): Promise<readonly string[]>;
}

/** The picture with its save(). */
export function generatedImage(made: Omit<GeneratedImage, "save" | "mediaType">): GeneratedImage {
  const { mediaType, extensions } = ENCODINGS[made.format];
  return {
    ...made,
    mediaType,
    async save(path, { manifest = false } = {}) {
      const endings: readonly string[] = extensions.map((extension) => `.${extension}`);
      if (!endings.includes(extname(path).toLowerCase())) {
        const remedy = `Generate with another format, or name it ${endings.join(" or ")}.`;
        throw new ArgumentError(
          "path",
          `a name ending in ${endings.join(" or ")}, as the file is ${made.format}`,
          path,
          remedy,
        );
      }
      const files: OutputFile[] = [{ path, content: made.bytes }];
      const record = { path: `${path}.json`, content: `${JSON.stringify(made.manifest, null, 2)}\n` };
      if (manifest) files.push(record);
      await writeTogether(files);
      return files.map((file) => file.path);
    },
  };
}
