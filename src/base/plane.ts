/** Planes of numbers, rectangles on them, and what lies between their places. */

/** A rectangle in fractions of the height and the width, 0 to 1. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

export interface Plane {
  readonly width: number;
  readonly height: number;
  /** Row by row. */
  readonly data: Float32Array;
}

/** What lies beyond the edge: its nearest place, or zeros. */
export type Beyond = "edge" | "zeros";

/** Where the centres of `count` equal parts of the stretch from `start` to `end` lie, both in fractions of a side of `size` places. */
export const centres = (start: number, end: number, count: number, size: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (start + ((end - start) * (i + 0.5)) / count) * size - 0.5);

/** Bilinear samples at every crossing of `rows` and `columns`, which count places from the centre of the first one. */
export function sampled(
  { width, height, data }: Plane,
  rows: readonly number[],
  columns: readonly number[],
  beyond: Beyond,
): Float32Array {
  const across = columns.map((x) => taps(x, width, beyond));
  const out = new Float32Array(rows.length * columns.length);
  let i = 0;
  for (const y of rows) {
    const [above, below, down, up] = taps(y, height, beyond);
    for (const [left, right, a, b] of across) {
      const upper = a * data[above * width + left]! + b * data[above * width + right]!;
      const lower = a * data[below * width + left]! + b * data[below * width + right]!;
      out[i++] = down * upper + up * lower;
    }
  }
  return out;
}

/** The places around a coordinate, and what each counts. */
function taps(
  at: number,
  size: number,
  beyond: Beyond,
): readonly [before: number, behind: number, a: number, b: number] {
  const clamped = (place: number) => Math.min(Math.max(place, 0), size - 1);
  const held = beyond === "edge" ? clamped(at) : at;
  const before = Math.floor(held);
  const share = held - before;
  const counts = (place: number, weight: number) => (place >= 0 && place < size ? weight : 0);
  return [clamped(before), clamped(before + 1), counts(before, 1 - share), counts(before + 1, share)];
}
