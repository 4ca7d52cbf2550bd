/** What an eye could see of a change of one pixel. */
import type { Picture } from "../../tokenizers/index.js";

/** The largest change of a channel that an eye could see of pixel `i`: colours count as far as the pixel is opaque. */
export function changeOf({ data: a }: Picture, { data: b }: Picture, i: number): number {
  const [alphaA, alphaB] = [a[4 * i + 3]!, b[4 * i + 3]!];
  let change = Math.abs(alphaA - alphaB);
  for (let c = 0; c < 3; c++)
    change = Math.max(change, Math.abs(Math.round((a[4 * i + c]! * alphaA - b[4 * i + c]! * alphaB) / 255)));
  return change;
}
