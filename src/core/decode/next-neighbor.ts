/**
 * Next-neighbor decoding (NAR, arXiv 2503.10696 §3.1): outwards from the first token, in each pass every position at the
 * next Manhattan distance from it. A grid of n × n takes 2n - 1 passes, one of T × H × W takes T + H + W - 2.
 */
import { check } from "../../base/check.js";
import { inGroups } from "./in-groups.js";
import type { Strategy } from "./step.js";

/** Decodes grids of these extents, [rows, columns] or [frames, rows, columns]; positions count their cells in raster order. */
export const nextNeighbor = (items: number, extents: readonly number[]): Strategy =>
  inGroups(items, diagonals(extents));

/** The positions at distance 0, 1, 2 … from the first cell; those at one distance in raster order. */
export function diagonals(extents: readonly number[]): readonly (readonly number[])[] {
  const whole = (sizes: readonly number[]) =>
    sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size > 0);
  check("extents", "whole numbers from 1", extents, whole);
  const groups: number[][] = [];
  const cells = extents.reduce((a, b) => a * b, 1);
  for (let position = 0; position < cells; position++) (groups[distance(position, extents)] ??= []).push(position);
  return groups;
}

/** The sum of the coordinates of a position. */
function distance(position: number, extents: readonly number[]): number {
  let sum = 0;
  for (let axis = extents.length - 1, rest = position; axis >= 0; axis--) {
    sum += rest % extents[axis]!;
    rest = Math.floor(rest / extents[axis]!);
  }
  return sum;
}
