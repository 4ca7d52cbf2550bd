/** Pictures for reports. */
import sharp from "sharp";
import { type Marking, xmpOf } from "../../index.js";
import type { Picture } from "../../tokenizers/index.js";
import { changeOf } from "./change.js";

/** A picture as a PNG file, marked where there is a mark. */
export function pngOf({ width, height, data }: Picture, marking: Marking | null = null): Promise<Uint8Array> {
  const image = sharp(data as Uint8Array, { raw: { width, height, channels: 4 } });
  return (marking === null ? image : image.withXmp(xmpOf(marking))).png({ compressionLevel: 9 }).toBuffer();
}

/** Where two pictures of one size differ: red over a faint expected picture, the stronger the larger the change. */
export function differenceOf(expected: Picture, received: Picture): Picture {
  const { width, height } = expected;
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const change = changeOf(expected, received, i);
    const [r, g, b, alpha] = expected.data.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    const grey = 128 + (0.3 * r + 0.59 * g + 0.11 * b) / 4;
    // A change of one step must be seen, too.
    if (change > 0) data.set([255, 0, 60, 96 + Math.round((159 * Math.min(change, 64)) / 64)], 4 * i);
    else data.set([grey, grey, grey, alpha / 4], 4 * i);
  }
  return { width, height, data };
}
