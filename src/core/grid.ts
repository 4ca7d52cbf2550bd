/** Orders of the cells of a grid. Positions count its cells in raster order; those of several grids follow each other. */
import { check } from "../base/check.js";

/**
 * The positions at Manhattan distance 0, 1, 2 … from the first cell of a grid of these extents, [rows, columns] or [frames, rows,
 * columns]; those at one distance in raster order (NAR, arXiv 2503.10696 §3.1).
 */
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

/**
 * For each place inside a region, in raster order, the positions that it has in a square grid: one per region, regions in raster
 * order, too. All groups joined are the sequence in which PAR's authors store tokens (arXiv 2412.15119 §3.1).
 */
export function regionGroups(side: number, regions: number): readonly (readonly number[])[] {
  const across = Math.sqrt(regions); // regions side by side
  const size = side / across;
  const fits = regions > 0 && Number.isInteger(across) && Number.isInteger(size);
  check("regions", `a square number whose root divides ${side}`, regions, () => fits);
  return Array.from({ length: size * size }, (_, place) => {
    const row = Math.floor(place / size);
    const column = place % size;
    return Array.from({ length: regions }, (_, region) => {
      const top = Math.floor(region / across) * size;
      const left = (region % across) * size;
      return (top + row) * side + left + column;
    });
  });
}

/** Where the positions of each of several square grids begin: one entry more than there are grids, the last being their sum. */
export function scaleStarts(sides: readonly number[]): readonly number[] {
  const starts = [0];
  for (const side of sides) starts.push(starts.at(-1)! + side ** 2);
  return starts;
}
