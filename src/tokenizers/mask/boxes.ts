/** Boxes in the words of InternVL, which HiMTok answers with (arXiv 2503.13026 §3.2): <box>[[x1,y1,x2,y2]]</box>, integers from 0 to 999. */
import { check, isNumberIn } from "../../base/check.js";
import type { Box } from "../../base/plane.js";

/** The integer that stands for the right or lower edge of the picture. */
const EDGE = 999;

const isBox = (box: Box) =>
  Array.isArray(box) && box.length === 4 && box.every(isNumberIn(0, 1)) && box[0] <= box[2] && box[1] <= box[3];

/**
 * Boxes as a model reads them, each coordinate rounded to the nearest of 1000 places.
 * @throws ArgumentError for a box that is none.
 */
export function boxWords(boxes: readonly Box[]): string {
  const rows = boxes.map((box) => {
    const [top, left, bottom, right] = check(
      "box",
      "fractions top <= bottom and left <= right from 0 to 1",
      box,
      isBox,
    );
    return `[${[left, top, right, bottom].map((fraction) => Math.round(fraction * EDGE)).join(",")}]`;
  });
  return `<box>[${rows.join(",")}]</box>`;
}

/**
 * All boxes in what a model wrote, in order. Corners may come in any order; what is not a box, has another number of coordinates or
 * one beyond 999 is passed over, since a model may write anything.
 */
export function boxesIn(words: string): Box[] {
  return [...words.matchAll(/<box>\s*\[([\d\s,[\]]*)\]\s*<\/box>/g)].flatMap(([, rows]) =>
    [...rows!.matchAll(/\[([\d\s,]*)\]/g)].flatMap(([, row]) => {
      const places = row!
        .split(",")
        .map((place) => (/^\s*\d{1,3}\s*$/.test(place) ? Number(place) / EDGE : Number.NaN));
      if (places.length !== 4 || places.some(Number.isNaN)) return [];
      const [x1, y1, x2, y2] = places as [number, number, number, number];
      return [[Math.min(y1, y2), Math.min(x1, x2), Math.max(y1, y2), Math.max(x1, x2)] as const];
    }),
  );
}
