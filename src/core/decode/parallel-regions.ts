/**
 * Parallel decoding by regions (PAR, arXiv 2412.15119 §3.1): the grid is cut into squares. Their first tokens are drawn one by
 * one, since they must fit each other; after that all regions go on at once, each in its own raster order. 24 × 24 tokens in
 * 4 regions take 4 + 143 passes.
 */
import { regionGroups } from "../grid.js";
import { inGroups } from "./in-groups.js";
import type { Draws, Strategy } from "./step.js";

/** Decodes square grids of `side` tokens in `regions` regions. */
export function parallelRegions<T = number>(items: number, side: number, regions: number): Strategy<T, Draws<T>> {
  const [first, ...others] = regionGroups(side, regions);
  return inGroups<T>(items, [...first!.map((position) => [position]), ...others]);
}
