/** What happens while pictures are made. Noun and verb: what, and what became of it. The last one is always run-end. */
import type { Picture } from "../tokenizers/image/pixels.js";
import type { GeneratedImage } from "./generated-image.js";
import type { ImageWarning } from "./warnings.js";

export type ImageEvent =
  | {
      readonly type: "run-start";
      readonly model: { readonly name: string; readonly revision: string };
      readonly device: { readonly name: string; readonly reason: string };
      readonly seed: number;
      readonly n: number;
      /** Tokens of all pictures together. */
      readonly total: number;
      readonly warnings: readonly ImageWarning[];
    }
  /** One pass through the model is done. */
  | { readonly type: "tokens-accept"; readonly done: number; readonly total: number; readonly forwardPasses: number }
  /**
   * What is known so far, at the model's own size. Where tokens cover one grid, squares not known yet are transparent or grey;
   * where they cover growing grids, the picture is whole and becomes finer.
   */
  | {
      readonly type: "image-preview";
      readonly index: number;
      /** Tokens of this picture that are known. */
      readonly done: number;
      readonly picture: Picture;
      /** The picture as a PNG file, marked like the finished one. */
      readonly bytes: Uint8Array;
    }
  | { readonly type: "image-end"; readonly image: GeneratedImage }
  | { readonly type: "run-end"; readonly result: ImageResult };

export interface ImageUsage {
  /** Tokens of the subject that the model read, for all pictures. */
  readonly inputTokens: number;
  /** Tokens generated, for all pictures. */
  readonly outputTokens: number;
  readonly totalTokens: number;
  readonly forwardPasses: number;
  /** Tokens predicted to get those generated; more where guesses were wrong. */
  readonly predictedTokens: number;
  readonly milliseconds: number;
}

export interface ImageResult {
  readonly images: readonly GeneratedImage[];
  readonly warnings: readonly ImageWarning[];
  readonly usage: ImageUsage;
  readonly seed: number;
  readonly response: { readonly timestamp: Date; readonly modelId: string; readonly revision: string };
}
