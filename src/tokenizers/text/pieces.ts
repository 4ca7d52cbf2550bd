/** A text on its way to the model: cut into pieces, which normalizers rewrite and pre-tokenizers cut further. */
import { stretches } from "./pattern.js";

export interface Piece {
  readonly text: string;
  /** Whether the piece begins where the whole text begins (Metaspace's prepend scheme "first" asks). */
  readonly first: boolean;
}

/** How a find of a splitting pattern is treated; the names of the file in camel case are their own documentation. */
export const BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"] as const;
export type Behavior = (typeof BEHAVIORS)[number];

/** Cuts a piece at the finds of the pattern; with `inverted`, at what lies between them. Empty pieces are dropped. */
export function split(piece: Piece, pattern: RegExp, behavior: Behavior, inverted = false): Piece[] {
  const parts: { start: number; end: number }[] = [];
  const found = stretches(piece.text, pattern);
  if (behavior === "MergedWithNext") found.reverse();
  let previous = false;
  for (const { start, end, matched } of found) {
    const hit = matched !== inverted;
    const last = parts.at(-1);
    if (behavior === "Removed") {
      if (!hit) parts.push({ start, end });
    } else if (last !== undefined && joins(behavior, hit, previous)) {
      last.start = Math.min(last.start, start);
      last.end = Math.max(last.end, end);
    } else {
      parts.push({ start, end });
    }
    previous = hit;
  }
  if (behavior === "MergedWithNext") parts.reverse();
  return parts
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => ({ text: piece.text.slice(start, end), first: piece.first && start === 0 }));
}

/** Whether a stretch joins the one that was placed before it. */
function joins(behavior: Behavior, hit: boolean, previous: boolean): boolean {
  if (behavior === "Contiguous") return hit === previous;
  return behavior !== "Isolated" && hit && !previous;
}
