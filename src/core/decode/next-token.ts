/** Plain autoregression in raster order: one pass a token, the first one over the condition alone. */
import { inGroups } from "./in-groups.js";
import type { Strategy } from "./step.js";

/** Decodes `total` positions of each of `items` items, one position a pass. */
export const nextToken = (items: number, total: number): Strategy =>
  inGroups(
    items,
    Array.from({ length: total }, (_, position) => [position]),
  );
