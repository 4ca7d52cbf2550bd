import { expect, it } from "vitest";
import { i32 } from "../../../src/engine/tensor.js";
import { blankUnknown, borrowNearest } from "../../../src/tokenizers/image/preview.js";

it("borrows from the nearest known cell, in raster order among equals", () => {
  const ids = i32([1, 3, 5], [11, 12, 13, 14, 15, 21, 22, -1, -1, -1, -1, -1, -1, -1, -1]);
  expect([...borrowNearest(ids).data]).toEqual([11, 12, 13, 14, 15, 21, 22, 13, 14, 15, 21, 22, 13, 14, 15]);
});

it("leaves known ids and the caller's tensor alone, item by item", () => {
  const ids = i32([3, 1, 2], [7, 8, -1, 5, -1, -1]);
  expect([...borrowNearest(ids).data]).toEqual([7, 8, 5, 5, 0, 0]);
  expect([...ids.data]).toEqual([7, 8, -1, 5, -1, -1]);
});

it.each([
  [4, -1],
  [3, 0],
])("blanks the squares of unknown cells in all %i channels", (channels, level) => {
  const pixels = { shape: [2, channels, 2, 6], data: new Float32Array(2 * channels * 12).fill(0.25) };
  blankUnknown(pixels, i32([2, 1, 3], [1, -1, 2, 3, 4, -1]));
  const row = (b: number, c: number, y: number) => [
    ...pixels.data.subarray(((b * channels + c) * 2 + y) * 6).slice(0, 6),
  ];
  for (let c = 0; c < channels; c++) {
    for (const y of [0, 1]) {
      expect(row(0, c, y)).toEqual([0.25, 0.25, level, level, 0.25, 0.25]);
      expect(row(1, c, y)).toEqual([0.25, 0.25, 0.25, 0.25, level, level]);
    }
  }
});
