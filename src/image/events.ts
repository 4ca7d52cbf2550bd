/** What happens while pictures are made, and what comes of it. */
import type { RunEvent, RunResult } from "../media/events.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import type { GeneratedImage } from "./generated-image.js";

export type ImageEvent = RunEvent<ImagePreview | ImageEnd, ImageResult, number>;

/**
 * What is known so far, at the model's own size. Where tokens cover one grid, squares not known yet are transparent or grey;
 * where they cover growing grids, the picture is whole and becomes finer.
 */
export interface ImagePreview {
  readonly type: "image-preview";
  readonly index: number;
  /** Number of its prompt in a list of them; 0 for one. */
  readonly promptIndex: number;
  /** Tokens of this picture that are known. */
  readonly done: number;
  readonly picture: Picture;
  /** The picture as a PNG file, marked like the finished one. */
  readonly bytes: Uint8Array;
}

export interface ImageEnd {
  readonly type: "image-end";
  readonly image: GeneratedImage;
}

export interface ImageResult extends RunResult {
  /** In order of their index; of a list of prompts those of the first one, then those of the second one, and so on. */
  readonly images: readonly GeneratedImage[];
}
