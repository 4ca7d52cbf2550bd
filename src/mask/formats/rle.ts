/**
 * COCO's run lengths (cocodataset.org, pycocotools mask.py and maskApi.c): columns from left to right, each from top to bottom; runs
 * that do not belong and runs that do take turns, the first of which may be 0.
 */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type BinaryMask, checkMask, checkSize } from "../binary-mask.js";

/** A mask as COCO writes it: `counts` as a list, or shortened to a text. */
export interface CocoRle {
  readonly size: readonly [height: number, width: number];
  readonly counts: readonly number[] | string;
}

/** The runs of a mask, as a text where `form` is "text" (the default), else as a list. Throws ArgumentError for a mask that is none. */
export function toRle(mask: BinaryMask, form: "text" | "list" = "text"): CocoRle {
  const { width, height, inside } = checkMask("mask", mask);
  const counts: number[] = [];
  let [flag, run] = [0, 0];
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if (inside[y * width + x] !== flag) {
        counts.push(run);
        [flag, run] = [1 - flag, 0];
      }
      run++;
    }
  }
  counts.push(run);
  return { size: [height, width], counts: form === "text" ? textOf(counts) : counts };
}

/** The mask of such runs. Throws ArgumentError for runs that are no counts, a text that is cut short, and runs that do not fill the size. */
export function fromRle({ size, counts }: CocoRle): BinaryMask {
  const [height, width] = size;
  checkSize("size", { width, height });
  const runs = typeof counts === "string" ? countsOf(counts, width * height) : counts;
  const isRun = (run: unknown) => Number.isInteger(run) && (run as number) >= 0;
  const stray = Array.isArray(runs) ? runs.find((run) => !isRun(run)) : counts;
  if (!Array.isArray(runs) || stray !== undefined)
    throw new ArgumentError("counts", "whole numbers of at least 0", stray);
  const inside = new Uint8Array(width * height);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (at + run > inside.length) return refuseSum(width, height, runs);
    if (i % 2 === 1) for (let n = at; n < at + run; n++) inside[(n % height) * width + Math.floor(n / height)] = 1;
    at += run;
  }
  return at === inside.length ? { width, height, inside } : refuseSum(width, height, runs);
}

function refuseSum(width: number, height: number, runs: readonly number[]): never {
  const sum = runs.reduce((a, b) => a + b, 0);
  const expected = `runs of ${width * height} pixels together`;
  throw new ArgumentError(
    "counts",
    expected,
    described(`${sum} of them`),
    "Take size and counts from the same object.",
  );
}

/** Counts in 5 bits a character, low ones first; from the fourth on, the difference to the one before the last of its kind. */
function textOf(counts: readonly number[]): string {
  let text = "";
  counts.forEach((count, i) => {
    let rest = i > 2 ? count - counts[i - 2]! : count;
    for (let more = true; more; ) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = bits & 0x10 ? rest !== -1 : rest !== 0; // the sign is the highest bit that is written
      text += String.fromCharCode(48 + bits + (more ? 0x20 : 0));
    }
  });
  return text;
}

function countsOf(text: string, most: number): number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length; ) {
    let [value, shift, more] = [0, 0, true];
    while (more) {
      const code = text.charCodeAt(at) - 48;
      if (!(code >= 0 && code < 64) || shift > 30)
        throw new ArgumentError(
          "counts",
          "a text as COCO writes runs",
          described(`one that breaks off or is wrong at character ${at}`),
        );
      at++;
      value |= (code & 0x1f) << shift;
      shift += 5;
      more = (code & 0x20) !== 0;
      if (!more && code & 0x10 && shift < 32) value |= -1 << shift;
    }
    const count = counts.length > 2 ? value + counts.at(-2)! : value;
    if (count < 0 || count > most)
      throw new ArgumentError(
        "counts",
        `runs from 0 to ${most} pixels`,
        count,
        "Take size and counts from the same object.",
      );
    counts.push(count);
  }
  return counts;
}
