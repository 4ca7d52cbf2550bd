/**
 * Parallel decoding by regions (PAR, arXiv 2412.15119 §3.1): the grid is cut into squares. Their first tokens are drawn one by
 * one, since they must fit each other; after that all regions go on at once, each in its own raster order. 24 × 24 tokens in
 * 4 regions take 4 + 143 passes.
 */
import { check } from "../../base/check.js";
import { inGroups } from "./in-groups.js";
import type { Strategy } from "./step.js";

/** Decodes square grids of `side` tokens in `regions` regions. */
export function parallelRegions(items: number, side: number, regions: number): Strategy {
  const [first, ...others] = regionGroups(side, regions);
  return inGroups(items, [...first!.map((position) => [position]), ...others]);
}

/**
 * For each place inside a region, in raster order, the positions that it has in the grid: one a region, regions in raster
 * order, too. All groups joined are the sequence in which the authors store tokens.
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
