/** Boxes on the grid of a framed mask tokenizer; what is within them, and back. */
import { type Box, centres, sampled } from "../../base/plane.js";
import { type FramedConfig } from "./framed-config.js";

type Places = Pick<FramedConfig, "places" | "usual">;

/** The two corners of the smallest box on the grid that holds all pixels above a half; of a mask without any, those of the whole. */
export function cornersOf(
  mask: Float32Array,
  { side, places }: Pick<FramedConfig, "side" | "places">,
): readonly [number, number] {
  let [top, left, bottom, right] = [side, side, -1, -1];
  for (const [i, value] of mask.entries()) {
    if (value <= 0.5) continue;
    const [y, x] = [Math.floor(i / side), i % side];
    [top, left, bottom, right] = [Math.min(top, y), Math.min(left, x), Math.max(bottom, y), Math.max(right, x)];
  }
  if (bottom < 0) return [0, places * places - 1];
  const place = (pixel: number) => Math.floor((pixel * places) / side);
  return [place(top) * places + place(left), place(bottom) * places + place(right)];
}

/**
 * The box of corners, or of the first alone, which has the usual size as far as the mask reaches. A second corner that lies before the first
 * makes a box of one place along that side.
 */
export function boxOfCorners([first, second]: readonly number[], { places, usual }: Places): Box {
  const [top, left] = [Math.floor(first! / places), first! % places];
  const ends = second === undefined ? null : [Math.floor(second / places), second % places];
  const end = (start: number, side: 0 | 1) =>
    ends
      ? Math.max(ends[side]!, start) + 1
      : Math.max(Math.min(start + Math.round(usual[side] * places), places), start + 1);
  return [top / places, left / places, end(top, 0) / places, end(left, 1) / places];
}

/** What lies in a box of a mask [side, side], stretched to [frame, frame]. */
export function framed(
  mask: Float32Array,
  [top, left, bottom, right]: Box,
  { side, frame }: FramedConfig,
): Float32Array {
  const plane = { width: side, height: side, data: mask };
  return sampled(plane, centres(top, bottom, frame, side), centres(left, right, frame, side), "edge");
}

/** A shape [frame, frame] in its box of a mask [side, side], zeros around it. */
export function placed(
  shape: Float32Array,
  [top, left, bottom, right]: Box,
  { side, frame }: FramedConfig,
): Float32Array {
  const within = (start: number, end: number) =>
    Array.from({ length: side }, (_, i) => i).filter((i) => (i + 0.5) / side > start && (i + 0.5) / side < end);
  const [rows, columns] = [within(top, bottom), within(left, right)];
  const at = (start: number, end: number) => (i: number) => (((i + 0.5) / side - start) / (end - start)) * frame - 0.5;
  const plane = { width: frame, height: frame, data: shape };
  const values = sampled(plane, rows.map(at(top, bottom)), columns.map(at(left, right)), "edge");
  const out = new Float32Array(side * side);
  for (const [i, value] of values.entries())
    out[rows[Math.floor(i / columns.length)]! * side + columns[i % columns.length]!] = value;
  return out;
}
