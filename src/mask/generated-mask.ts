/** One mask that was found, with all that belongs to it. */
import type { Box } from "../base/plane.js";
import { type Marking, markingOf } from "../media/marking.js";
import { type GeneratedItem, saveItem } from "../media/saved.js";
import { shownBriefly } from "../media/shown.js";
import { xmpOf } from "../media/xmp.js";
import { areaOf, type BinaryMask, boxOf, rgbaOf } from "./binary-mask.js";
import type { MaskManifest } from "./manifest.js";
import type { MaskModel } from "./model.js";
import type { MaskRequest } from "./request.js";
import { sharpOf } from "../tokenizers/image/sharp.js";

/** Of the picture's size. editImage takes it as it is: white, where something was found, is drawn anew. */
export interface GeneratedMask extends GeneratedItem<MaskManifest>, BinaryMask {
  /** The PNG file: white where a pixel belongs to it, black elsewhere; marked as made by a model. */
  readonly bytes: Uint8Array;
  readonly mediaType: "image/png";
  /** The same as straight RGBA pixels. */
  readonly rgba: Uint8Array;
  /** The mask tokens, from coarse to fine. */
  readonly ids: Int32Array;
  /** Pixels that belong to it. */
  readonly area: number;
  /** The smallest rectangle that holds it, in fractions of height and width; null where nothing was found. */
  readonly box: Box | null;
}

/** What a mask's file says of how it came to be. */
export const maskMarking = ({ name, revision }: MaskModel, { prompt, seed }: MaskRequest, index: number): Marking =>
  markingOf({ model: `${name} ${revision}`, prompt, seed, index });

/** The mask with its file and its save(). */
export async function generatedMask(
  mask: BinaryMask,
  made: Pick<GeneratedMask, "ids" | "seed" | "index" | "manifest">,
  marking: Marking,
): Promise<GeneratedMask> {
  const bytes = await maskFile(mask, marking);
  return shownBriefly({
    ...{
      ...mask,
      ...made,
      bytes,
      mediaType: "image/png" as const,
      rgba: rgbaOf(mask),
      area: areaOf(mask),
      box: boxOf(mask),
    },
    save: (path, options) =>
      saveItem(path, { bytes, format: "png", extensions: ["png"], manifest: made.manifest }, options),
  });
}

/** The PNG file of a mask, one grey channel: white where a pixel belongs to it. */
export async function maskFile(mask: BinaryMask, marking: Marking): Promise<Uint8Array> {
  const bytes = mask.inside.map((flag) => 255 * flag);
  const grey = await sharpOf(bytes, mask, 1);
  return grey.toColourspace("b-w").withXmp(xmpOf(marking)).png().toBuffer();
}
