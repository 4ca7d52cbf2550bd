/** Maps of a codec in the form in which golden cases store them. */
import type { Tensor } from "../../src/engine/tensor.js";
import type { Numbers } from "./compare.js";

/** Distances [B, h, w, K] to the two smallest of each position, ascending [B, h·w, 2]. */
export function twoSmallest({ shape, data }: Tensor): Tensor {
  const [B, h, w, K] = shape as [number, number, number, number];
  const pairs = new Float32Array(B * h * w * 2);
  for (let i = 0; i < B * h * w; i++)
    pairs.set(
      data
        .slice(i * K, (i + 1) * K)
        .sort()
        .subarray(0, 2),
      2 * i,
    );
  return { shape: [B, h * w, 2], data: pairs };
}

/** Intermediate maps are stored of the first sample only, and if wider than 16 only their bottom right 8x8 corner. */
export function storedPart(map: Tensor, { shape: stored }: Numbers): Tensor {
  if (map.shape.length !== 4 || stored.length !== 4) return map;
  const [B, C, Y, X] = map.shape as [number, number, number, number];
  const items = stored[0] === 1 ? 1 : B;
  const cornered = Y > 16 || X > 16;
  const rows = cornered && stored[2] === 8 ? 8 : Y;
  const columns = cornered && stored[3] === 8 ? 8 : X;
  const data = new Float32Array(items * C * rows * columns);
  for (let plane = 0; plane < items * C; plane++) {
    for (let y = 0; y < rows; y++) {
      const start = (plane * Y + (Y - rows + y)) * X + X - columns;
      data.set(map.data.subarray(start, start + columns), (plane * rows + y) * columns);
    }
  }
  return { shape: [items, C, rows, columns], data };
}
