/** A mask as the page lays it over its picture: coloured where it is, clear elsewhere. */
import sharp from "sharp";
import { writeWhole } from "../base/write-file.js";
import { type BinaryMask, type Marking, xmpOf } from "../index.js";

/** Red that stands out on light and on dark pictures, half of it. */
const COLOUR = [235, 40, 60, 150] as const;

/** Writes the overlay, unless it is there: the name that it is given is that of the mask. */
export async function drawOverlay(
  { width, height, inside }: BinaryMask,
  path: string,
  marking: Marking,
): Promise<true> {
  const there = await sharp(path)
    .metadata()
    .then((found) => found.width === width && found.height === height)
    .catch(() => false);
  if (there) return true;
  const rgba = Uint8Array.from({ length: 4 * inside.length }, (_, i) => (inside[i >> 2] ? COLOUR[i % 4]! : 0));
  const picture = sharp(rgba, { raw: { width, height, channels: 4 } }).withXmp(xmpOf(marking));
  await writeWhole(path, await picture.webp({ lossless: true }).toBuffer());
  return true;
}
