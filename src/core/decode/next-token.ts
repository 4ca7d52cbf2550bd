/** Plain autoregression in raster order: one pass per token, the first one over the condition alone. */
import { inGroups } from "./in-groups.js";
import type { TokenLayout } from "./layout.js";
import type { Draws, Strategy } from "./step.js";

/** Decodes `most` positions of each of `items` items, one position per pass. */
export const nextToken = <T = number>(
  items: number,
  most: number,
  layout: TokenLayout | null = null,
): Strategy<T, Draws<T>> =>
  inGroups<T>(
    items,
    Array.from({ length: most }, (_, position) => [position]),
    layout,
  );
