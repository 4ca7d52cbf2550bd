/** Plain autoregression in raster order: one pass a token, the first one over the condition alone. */
import type { Accepted, Draws, Step, Strategy } from "./step.js";

/** Decodes `total` positions of each of `items` items, one position a pass. */
export function nextToken(items: number, total: number): Strategy {
  let next = 0; // the position to fill
  let last: readonly number[] = []; // the id before it, of each item
  return {
    items,
    total,
    plan(): Step | null {
      if (next >= total) return null;
      const feed = next === 0 ? [] : [next - 1];
      const ids = next === 0 ? Array.from({ length: items }, () => []) : last.map((id) => [id]);
      return { keep: Math.max(0, next - 1), feed, ids, sight: "causal", fill: [next] };
    },
    accept(draws: Draws): readonly Accepted[] {
      last = Array.from({ length: items }, (_, item) => draws.id(item, 0));
      const positions = [next++];
      return last.map((id) => ({ positions, ids: [id] }));
    },
  };
}
