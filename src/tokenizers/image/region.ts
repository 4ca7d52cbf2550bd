/** A mask: what of a picture is drawn anew. White is drawn, black is kept, as painters and in-painting models have it. */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Mask } from "./kept-cells.js";
import type { Picture } from "./pixels.js";
import type { Size } from "./read-picture.js";

/** A square of flags: 1 where a pixel is drawn anew. */
export interface Region {
  readonly side: number;
  readonly drawn: Uint8Array;
}

/** The brightness from which on a pixel of a mask is white. */
const WHITE = 128;

/** Refuses a mask that is not a square of one of these sides. */
export function checkMaskSize({ width, height }: Size, sides: readonly number[]): void {
  if (width === height && sides.includes(width)) return;
  const sizes = [...new Set(sides)].map((side) => `${side} x ${side}`).join(" or ");
  const received = described(`a mask of ${width} x ${height}`);
  throw new ArgumentError("mask", `a mask of ${sizes} pixels`, received, "Resize it to the picture's size.");
}

/**
 * The region of a square mask: pixels at least half as bright as white, over black, are drawn anew.
 *
 * @throws ArgumentError for a mask without white.
 */
export function regionOf({ width, height, data }: Picture): Region {
  const drawn = Uint8Array.from({ length: width * height }, (_, i) => {
    const brightness = 299 * data[4 * i]! + 587 * data[4 * i + 1]! + 114 * data[4 * i + 2]!; // whole numbers: no rounding
    return brightness * data[4 * i + 3]! >= 1000 * WHITE * 255 ? 1 : 0;
  });
  if (!drawn.includes(1))
    throw new ArgumentError(
      "mask",
      "at least one white pixel",
      described("a mask without any"),
      "Paint what is to be redrawn in white.",
    );
  return { side: width, drawn };
}

/**
 * The cells that are kept, of a grid of `cells` a side: those in which no pixel is drawn anew.
 *
 * @throws ArgumentError where that is none, as then there is nothing to draw into.
 */
export function cellsOf({ side, drawn }: Region, cells: number): Mask {
  const first = (cell: number) => Math.floor((cell * side) / cells);
  const end = (cell: number) => Math.ceil(((cell + 1) * side) / cells);
  const isKept = (row: number, column: number): boolean => {
    for (let y = first(row); y < end(row); y++)
      for (let x = first(column); x < end(column); x++) if (drawn[y * side + x] === 1) return false;
    return true;
  };
  const data = Uint8Array.from({ length: cells ** 2 }, (_, i) => (isKept(Math.floor(i / cells), i % cells) ? 1 : 0));
  if (!data.includes(1)) {
    const expected = `black over at least one of the ${cells} x ${cells} squares that the model draws in`;
    const remedy = "To draw a whole picture, call generateImage (tessera image).";
    throw new ArgumentError("mask", expected, described("a mask with white in all of them"), remedy);
  }
  return { height: cells, width: cells, data };
}

/**
 * The share of the new picture in each pixel of a picture of `side` pixels a side: 1 where it is drawn anew, and falling to 0
 * over `seam` pixels around, counted along rows and columns.
 */
export function sharesOf(region: Region, side: number, seam: number): Float64Array {
  const at = (i: number) => Math.floor(((i + 0.5) * region.side) / side);
  const distance = Float64Array.from({ length: side ** 2 }, (_, i) =>
    region.drawn[at(Math.floor(i / side)) * region.side + at(i % side)] === 1 ? 0 : Number.POSITIVE_INFINITY,
  );
  // The distance to the nearest drawn pixel: once over the picture from the top left, once back.
  const nearer = (i: number, other: number) => {
    distance[i] = Math.min(distance[i]!, distance[other]! + 1);
  };
  for (let i = 0; i < distance.length; i++) {
    if (i % side > 0) nearer(i, i - 1);
    if (i >= side) nearer(i, i - side);
  }
  for (let i = distance.length - 1; i >= 0; i--) {
    if (i % side < side - 1) nearer(i, i + 1);
    if (i < distance.length - side) nearer(i, i + side);
  }
  return distance.map((d) => Math.max(0, 1 - d / (seam + 1)));
}

/** `fresh` laid over `original` by its share of each pixel; colours mix as they are seen, premultiplied. Same sizes. */
export function laidOver(original: Picture, fresh: Picture, shares: Float64Array): Picture {
  const data = Uint8Array.from(original.data);
  shares.forEach((share, i) => {
    if (share === 0) return;
    const [old, now] = [original.data, fresh.data];
    const [oldAlpha, nowAlpha] = [(1 - share) * old[4 * i + 3]!, share * now[4 * i + 3]!];
    const alpha = oldAlpha + nowAlpha;
    data[4 * i + 3] = Math.round(alpha);
    for (let c = 0; c < 3; c++) {
      const colour = alpha === 0 ? 0 : (oldAlpha * old[4 * i + c]! + nowAlpha * now[4 * i + c]!) / alpha;
      data[4 * i + c] = data[4 * i + 3] === 0 ? 0 : Math.round(colour);
    }
  });
  return { width: original.width, height: original.height, data };
}
