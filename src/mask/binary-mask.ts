/** Masks of pictures as bits, and what can be said of them. */
import { isIntegerIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Box } from "../base/plane.js";
import { type PictureSource, readPicture, type Size } from "../tokenizers/image/read-picture.js";

/** Which pixels of a picture belong to something. */
export interface BinaryMask {
  readonly width: number;
  readonly height: number;
  /** One byte per pixel in raster order: 1 where it belongs to it, else 0. */
  readonly inside: Uint8Array;
}

/** A mask, or a picture of one: white where a pixel belongs to it, black or transparent elsewhere. */
export type MaskSource = PictureSource | BinaryMask;

/** Pixels of a mask at most: those of a picture of 8192 x 8192. */
const MOST_PIXELS = 2 ** 26;

/** The brightness over black from which on a pixel is white; a mask that is not binary is cut there. */
const WHITE = 128;

/** Refuses sizes that no mask has. Throws ArgumentError. */
export function checkSize(argument: string, { width, height }: Size): void {
  const side = isIntegerIn(1, 2 ** 16);
  if (side(width) && side(height) && width * height <= MOST_PIXELS) return;
  const expected = `sides of at least one pixel and at most ${MOST_PIXELS} pixels`;
  throw new ArgumentError(argument, expected, described(`${width} x ${height} pixels`), "Shrink it first.");
}

/** The same mask, checked. Throws ArgumentError for another number of pixels, or for one that is neither 0 nor 1. */
export function checkMask(argument: string, { width, height, inside }: BinaryMask): BinaryMask {
  checkSize(argument, { width, height });
  if (!(inside instanceof Uint8Array) || inside.length !== width * height)
    throw new ArgumentError(argument, `${width * height} bytes, one per pixel`, described(`${inside?.length} of them`));
  const stray = inside.find((flag) => flag > 1);
  if (stray !== undefined) throw new ArgumentError(argument, "pixels that are 0 or 1", stray);
  return { width, height, inside };
}

/** Reads a mask. Throws what readPicture throws, and ArgumentError for a mask that is none or too large. */
export async function readMask(source: MaskSource, argument = "mask"): Promise<BinaryMask> {
  if (typeof source === "object" && source !== null && "inside" in source && !("rgba" in source))
    return checkMask(argument, source);
  const { width, height, data } = await readPicture(argument, source as PictureSource, (size) => {
    checkSize(argument, size);
  });
  const inside = Uint8Array.from({ length: width * height }, (_, i) => {
    const brightness = 299 * data[4 * i]! + 587 * data[4 * i + 1]! + 114 * data[4 * i + 2]!; // whole numbers: no rounding
    return brightness * data[4 * i + 3]! >= 1000 * WHITE * 255 ? 1 : 0;
  });
  return { width, height, inside };
}

/** The mask as a picture: opaque white where a pixel belongs to it, opaque black elsewhere. */
export function rgbaOf({ inside }: BinaryMask): Uint8Array {
  const rgba = new Uint8Array(4 * inside.length);
  for (let i = 0; i < inside.length; i++) {
    const grey = 255 * inside[i]!;
    rgba[4 * i] = rgba[4 * i + 1] = rgba[4 * i + 2] = grey;
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/** Pixels that belong to it. */
export function areaOf({ inside }: BinaryMask): number {
  let area = 0;
  for (let i = 0; i < inside.length; i++) area += inside[i]!;
  return area;
}

/** The smallest rectangle that holds it, in fractions of height and width; null for an empty mask. */
export function boxOf({ width, height, inside }: BinaryMask): Box | null {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let y = 0; y < height; y++) {
    const row = inside.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    if (bottom < 0) top = y;
    bottom = y;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(1));
  }
  return bottom < 0 ? null : [top / height, left / width, (bottom + 1) / height, (right + 1) / width];
}

/** A rectangle as a mask of that size: pixels whose centres lie in it. */
export function boxedMask([top, left, bottom, right]: Box, { width, height }: Size): BinaryMask {
  checkSize("size", { width, height });
  const inside = Uint8Array.from({ length: width * height }, (_, i) => {
    const [y, x] = [(Math.floor(i / width) + 0.5) / height, ((i % width) + 0.5) / width];
    return y >= top && y < bottom && x >= left && x < right ? 1 : 0;
  });
  return { width, height, inside };
}

/**
 * Intersection over union of two masks of one size, 0 to 1; 1 where both are empty.
 * @throws ArgumentError where sizes differ.
 */
export function intersectionOverUnion(a: BinaryMask, b: BinaryMask): number {
  if (a.width !== b.width || a.height !== b.height)
    throw new ArgumentError("b", `a mask of ${a.width} x ${a.height}`, described(`one of ${b.width} x ${b.height}`));
  let [both, either] = [0, 0];
  a.inside.forEach((flag, i) => {
    both += flag & b.inside[i]!;
    either += flag | b.inside[i]!;
  });
  return either === 0 ? 1 : both / either;
}
