/** Pictures to files, by sharp: one row per format. */
import type { Sharp } from "sharp";
import type { Marking } from "../media/marking.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { sharpOf } from "../tokenizers/image/sharp.js";
import { xmpOf } from "../media/xmp.js";

interface Encoding {
  readonly mediaType: string;
  /** Endings that a file of this format may have; the first is the usual one. */
  readonly extensions: readonly [string, ...string[]];
  /** Whether transparency survives. */
  readonly alpha: boolean;
  /** Whether every pixel survives, colours under transparency included. */
  readonly lossless: boolean;
  readonly encode: (image: Sharp) => Sharp;
}

/** PNG and WebP keep every pixel; AVIF and JPEG are lossy. Filters chosen by row make a smaller PNG than a higher level does, sooner. */
export const ENCODINGS = {
  png: {
    mediaType: "image/png",
    extensions: ["png"],
    alpha: true,
    lossless: true,
    encode: (s) => s.png({ compressionLevel: 6, adaptiveFiltering: true }),
  },
  webp: {
    mediaType: "image/webp",
    extensions: ["webp"],
    alpha: true,
    lossless: true,
    encode: (s) => s.webp({ lossless: true, exact: true }),
  },
  avif: {
    mediaType: "image/avif",
    extensions: ["avif"],
    alpha: true,
    lossless: false,
    encode: (s) => s.avif({ quality: 70 }),
  },
  jpeg: {
    mediaType: "image/jpeg",
    extensions: ["jpg", "jpeg"],
    alpha: false,
    lossless: false,
    encode: (s) => s.jpeg({ quality: 92 }),
  },
} as const satisfies Record<string, Encoding>;

export type ImageFormat = keyof typeof ENCODINGS;

/** The bytes of a file of that format, carrying `xmp`. Where a format has no transparency, the picture is laid on white. */
export async function encodePicture(picture: Picture, format: ImageFormat, xmp: string): Promise<Uint8Array> {
  return (await encoded(picture, format)).withXmp(xmp).toBuffer();
}

async function encoded(picture: Picture, format: ImageFormat): Promise<Sharp> {
  const { alpha, encode }: Encoding = ENCODINGS[format];
  const pixels = await raw(picture);
  return encode(alpha ? pixels : pixels.flatten({ background: "#ffffff" }));
}

/**
 * A picture as the bytes of a file, marked as made by a model where `marking` says so: what was done to a generated picture takes
 * nothing from its mark. Where the format has no transparency, the picture is laid on white.
 */
export async function pictureFile(picture: Picture, format: ImageFormat, marking: Marking | null): Promise<Uint8Array> {
  return marking ? encodePicture(picture, format, xmpOf(marking)) : (await encoded(picture, format)).toBuffer();
}

/** A PNG that is made quickly rather than small. */
export const encodePreview = async (picture: Picture, xmp: string): Promise<Uint8Array> =>
  (await raw(picture)).withXmp(xmp).png({ compressionLevel: 2 }).toBuffer();

/** The picture resampled to `side` x `side` by a Lanczos filter over premultiplied colours. */
export async function resized(picture: Picture, side: number): Promise<Picture> {
  if (picture.width === side && picture.height === side) return picture;
  const data = new Uint8Array(
    await (await raw(picture)).resize(side, side, { kernel: "lanczos3", fit: "fill" }).raw().toBuffer(),
  );
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 0) data.fill(0, i, i + 3); // no colour hides in transparency
  return { width: side, height: side, data };
}

export const hasTransparency = ({ data }: Picture): boolean => data.some((value, i) => i % 4 === 3 && value < 255);

const raw = (picture: Picture): Promise<Sharp> => sharpOf(picture.data as Uint8Array, picture);
