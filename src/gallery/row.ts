/** What the sheet and the command know of a picture. */
import type { GalleryPrompt } from "./prompts.js";

/** A picture of the gallery. */
export interface GalleryRow extends GalleryPrompt {
  /** Relative to the folder. */
  readonly file: string;
  readonly seed: number;
  /** What making it took; null where it was kept from an earlier run. */
  readonly milliseconds: number | null;
}
