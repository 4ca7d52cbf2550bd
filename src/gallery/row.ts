/** What the page and the sheet know of a picture. */
import type { GalleryPrompt } from "./prompts.js";

/** A picture of the gallery. */
export interface GalleryRow extends GalleryPrompt {
  /** Relative to the folder. */
  readonly file: string;
  readonly seed: number;
  /** What making it took, also if that was in an earlier run; 0 if that is not known. */
  readonly milliseconds: number;
  readonly device: string;
  /** Kept from an earlier run. */
  readonly reused: boolean;
}
