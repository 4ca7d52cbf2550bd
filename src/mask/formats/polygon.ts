/**
 * Outlines of masks. A mask and its outlines stand for each other to the pixel: they run along the edges of pixels, and a pixel
 * belongs to them where its centre does, by the even-odd rule, so that holes are outlines within outlines.
 */
import { ArgumentError } from "../../base/errors.js";
import { type BinaryMask, checkMask, checkSize } from "../binary-mask.js";
import type { Size } from "../../tokenizers/image/read-picture.js";

/** x and y by turns, in pixels from the upper left corner, as COCO writes a polygon; the last point is joined to the first. */
export type Polygon = readonly number[];

/** The outlines of a mask, pixels that touch at a corner apart. Throws ArgumentError for a mask that is none. */
export function toPolygons(mask: BinaryMask): Polygon[] {
  const { width, height, inside } = checkMask("mask", mask);
  const stride = width + 1; // corners in a row
  const isIn = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && inside[y * width + x] === 1;
  // Edges by the corner where they begin, with the mask on their right: at most two begin at one corner.
  const edges = new Map<number, number[]>();
  const add = (from: number, to: number) => edges.set(from, [...(edges.get(from) ?? []), to]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isIn(x, y)) continue;
      const corner = y * stride + x;
      if (!isIn(x, y - 1)) add(corner, corner + 1);
      if (!isIn(x + 1, y)) add(corner + 1, corner + 1 + stride);
      if (!isIn(x, y + 1)) add(corner + 1 + stride, corner + stride);
      if (!isIn(x - 1, y)) add(corner + stride, corner);
    }
  }
  const polygons: number[][] = [];
  for (const start of edges.keys()) {
    while (edges.has(start)) polygons.push(outlineFrom(start, edges, stride));
  }
  return polygons;
}

/** Follows edges from a corner until it closes, takes them out, and leaves out the corners at which it goes straight on. */
function outlineFrom(start: number, edges: Map<number, number[]>, stride: number): number[] {
  const points: number[] = [];
  let [at, step] = [start, 0];
  do {
    const ways = edges.get(at)!;
    // Where two pixels touch at a corner, it turns right, which stays with the pixel that it came along.
    const right = step === 1 ? stride : step === stride ? -1 : step === -1 ? -stride : 1;
    const to = ways.find((way) => way - at === right) ?? ways[0]!;
    if (ways.length === 1) edges.delete(at);
    else
      edges.set(
        at,
        ways.filter((way) => way !== to),
      );
    if (to - at !== step) points.push(at % stride, Math.floor(at / stride));
    step = to - at;
    at = to;
  } while (at !== start);
  const [x, y, secondX, secondY] = points as [number, number, number, number];
  const straight = Math.sign(secondX - x) + Math.sign(secondY - y) * stride === step;
  return straight ? points.slice(2) : points;
}

/**
 * The mask of outlines: pixels whose centre they hold an odd number of times. What lies outside of the size is cut off.
 *
 * @throws ArgumentError for fewer than three points, or a coordinate that is no number.
 */
export function fromPolygons(polygons: readonly Polygon[], { width, height }: Size): BinaryMask {
  checkSize("size", { width, height });
  for (const polygon of polygons) {
    const stray = polygon.find((value) => !Number.isFinite(value));
    if (polygon.length < 6 || polygon.length % 2 === 1 || stray !== undefined)
      throw new ArgumentError("polygons", "at least three points each, x and y by turns", stray ?? polygon.length);
  }
  const inside = new Uint8Array(width * height);
  const crossings: number[][] = Array.from({ length: height }, () => []);
  for (const polygon of polygons) {
    for (let i = 0; i < polygon.length; i += 2) {
      const next = (i + 2) % polygon.length;
      const [x0, y0, x1, y1] = [polygon[i]!, polygon[i + 1]!, polygon[next]!, polygon[next + 1]!];
      const [low, high] = [Math.min(y0, y1), Math.max(y0, y1)];
      const end = Math.min(height, Math.ceil(high - 0.5));
      for (let y = Math.max(0, Math.ceil(low - 0.5)); y < end; y++)
        crossings[y]!.push(x0 + ((y + 0.5 - y0) / (y1 - y0)) * (x1 - x0));
    }
  }
  crossings.forEach((row, y) => {
    row.sort((a, b) => a - b);
    for (let i = 0; i + 1 < row.length; i += 2) {
      const [first, end] = [Math.max(0, Math.ceil(row[i]! - 0.5)), Math.min(width, Math.ceil(row[i + 1]! - 0.5))];
      if (first < end) inside.fill(1, y * width + first, y * width + end);
    }
  });
  return { width, height, inside };
}
