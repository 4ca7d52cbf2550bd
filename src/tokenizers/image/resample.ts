/**
 * Resampling of maps as two small matrices, rows · X · columns, so that every device runs it and any size works. The kernels are
 * those of VAR's reference (arXiv 2404.02905 §3.2, algorithms 1 and 2): area when a map shrinks, bicubic when it grows, bilinear for
 * masks. Coordinates of pixel centres are half-integers ("align_corners = false"); nothing is smoothed when shrinking bicubically.
 */
import type { GraphBuilder, Value } from "../../engine/graph.js";
import { opsOf } from "../../engine/ops/index.js";
import { type FloatTensor, tensor } from "../../engine/tensor.js";

/** A kernel in one direction: the matrix [to, from] that takes `from` places to `to`. */
export type Kernel = (from: number, to: number) => FloatTensor;

/** Place i is the mean of places floor(i·from/to) to ceil((i+1)·from/to) - 1; these overlap where `to` does not divide `from`. */
export const area: Kernel = (from, to) =>
  matrix(from, to, (i, add) => {
    const start = Math.floor((i * from) / to);
    const end = Math.ceil(((i + 1) * from) / to);
    for (let j = start; j < end; j++) add(j, 1 / (end - start));
  });

/** Keys' cubic convolution with a = -3/4 over four taps, which stay on the map; the coordinate itself is not clamped. */
export const bicubic: Kernel = (from, to) =>
  matrix(from, to, (i, add) => {
    const at = ((i + 0.5) * from) / to - 0.5;
    const first = Math.floor(at);
    for (let tap = first - 1; tap <= first + 2; tap++) add(clamped(tap, from), cubic(Math.abs(at - tap)));
  });

/**
 * Between the two nearest centres; the coordinate is clamped at 0. Rounded as the reference's float32 code rounds, since a mask
 * is cut at 1/2 and many of its values lie exactly there. (Compared over all sizes up to 40: no cell differs.)
 */
export const bilinear: Kernel = (from, to) =>
  matrix(from, to, (i, add) => {
    const at = Math.max(0, Math.fround(Math.fround(from / to) * (i + 0.5) - 0.5));
    const first = clamped(Math.floor(at), from);
    const share = Math.fround(at - first);
    add(first, Math.fround(1 - share));
    add(clamped(first + 1, from), share);
  });

/** The weight of a tap at that distance, 0 to 2. */
function cubic(x: number): number {
  const a = -0.75;
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

const clamped = (place: number, size: number) => Math.min(Math.max(place, 0), size - 1);

function matrix(
  from: number,
  to: number,
  fill: (row: number, add: (column: number, weight: number) => void) => void,
): FloatTensor {
  const sums = new Float64Array(to * from); // taps outside the map add up at its edge
  for (let i = 0; i < to; i++)
    fill(i, (j, weight) => {
      sums[i * from + j]! += weight;
    });
  return tensor([to, from], Float32Array.from(sums));
}

/** Rows · X · columns: x [B, C, h, w], rows [p, h], columns [w, q] -> [B, C, p, q]. */
export function resampled(g: GraphBuilder, x: Value, rows: Value, columns: Value): Value {
  const o = opsOf(g);
  return o.matmul(o.matmul(rows, x), columns);
}

/** The matrix the other way round, as `columns` of resampled() wants it. */
export function turned({ shape, data }: FloatTensor): FloatTensor {
  const [to, from] = shape as [number, number];
  return tensor(
    [from, to],
    Float32Array.from(data, (_, n) => data[(n % to) * from + Math.floor(n / to)]!),
  );
}
