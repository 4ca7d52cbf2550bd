/** Which cells of which scale an edit keeps: VAR's zero-shot in-painting, out-painting and editing (arXiv 2404.02905 §5.3). */
import { check, isNumberIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import type { Box } from "../../base/plane.js";
import { roundHalfEven } from "../../base/round.js";
import type { Grid } from "./multi-scale-config.js";
import { bilinear } from "./resample.js";

/** A flag for every cell of the last scale, in raster order: 1 keeps the given picture there, 0 has it generated. */
export interface Mask {
  readonly height: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

/**
 * "in": what lies in the box is generated; "out": what lies around it. The box covers cells round(top·h) to round(bottom·h) - 1
 * and likewise across, where halves round to the even cell.
 */
export function boxMask(box: Box, [height, width]: Grid, painting: "in" | "out"): Mask {
  check(
    "box",
    "four fractions from 0 to 1, top, left, bottom, right",
    box,
    (b) => Array.isArray(b) && b.length === 4 && b.every(isNumberIn(0, 1)),
  );
  const [top, bottom] = [roundHalfEven(box[0] * height), roundHalfEven(box[2] * height)];
  const [left, right] = [roundHalfEven(box[1] * width), roundHalfEven(box[3] * width)];
  const inside = (y: number, x: number) => y >= top && y < bottom && x >= left && x < right;
  const data = Uint8Array.from({ length: height * width }, (_, i) =>
    inside(Math.floor(i / width), i % width) === (painting === "out") ? 1 : 0,
  );
  return { height, width, data };
}

/**
 * A flag for every cell of every scale, small to large: 1 where the cell of the given picture is kept. A scale keeps the cells
 * where the mask, shrunk bilinearly, exceeds 1/2; a scale of at most three cells is kept whole.
 *
 * @throws ArgumentError for a mask of another size than the last scale, with other values than 0 and 1, or that keeps nothing or all.
 */
export function keptCells(mask: Mask, scales: readonly Grid[]): Uint8Array {
  const { height, width, data } = mask;
  const [rows, columns] = scales.at(-1)!;
  if (height !== rows || width !== columns || data.length !== height * width)
    throw new ArgumentError(
      "mask",
      `one flag for each of ${columns} x ${rows} cells`,
      described(`a mask of ${width} x ${height}`),
    );
  let kept = 0;
  for (let i = 0; i < data.length; i++)
    kept += check("mask", "flags that are 0 or 1", data[i]!, (flag) => flag === 0 || flag === 1);
  if (kept === 0)
    throw new ArgumentError(
      "mask",
      "at least one cell to keep",
      described("a mask that keeps none"),
      "Generate a picture without a given one instead.",
    );
  if (kept === data.length)
    throw new ArgumentError(
      "mask",
      "at least one cell to generate",
      described("a mask that keeps all"),
      "Mark what is to be changed with 0.",
    );
  return Uint8Array.from(
    scales.flatMap(([p, q]) => (p * q <= 3 ? Array<number>(p * q).fill(1) : [...shrunk(mask, p, q)])),
  );
}

/** The mask at p x q cells, rounded to float32 after each sum as the reference's is, then cut at 1/2. */
function shrunk({ height, width, data }: Mask, p: number, q: number): Uint8Array {
  const across = bilinear(width, q).data;
  const down = bilinear(height, p).data;
  const sum = (size: number, term: (n: number) => number) => {
    let total = 0;
    for (let n = 0; n < size; n++) total = Math.fround(total + Math.fround(term(n)));
    return total;
  };
  const row = (y: number, j: number) => sum(width, (x) => across[j * width + x]! * data[y * width + x]!);
  return Uint8Array.from({ length: p * q }, (_, cell) => {
    const [i, j] = [Math.floor(cell / q), cell % q];
    return sum(height, (y) => down[i * height + y]! * (down[i * height + y] ? row(y, j) : 0)) > 0.5 ? 1 : 0;
  });
}
