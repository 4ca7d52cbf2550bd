import { expect, test } from "vitest";
import { area, bicubic, bilinear, turned } from "../../../src/tokenizers/image/resample.js";

const rowsOf = ({ shape, data }: ReturnType<typeof area>) =>
  Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)]);

test("area takes means of cells that overlap where sizes do not divide", () => {
  expect(rowsOf(area(4, 2))).toEqual([
    [0.5, 0.5, 0, 0],
    [0, 0, 0.5, 0.5],
  ]);
  expect(rowsOf(area(3, 2))).toEqual([
    [0.5, 0.5, 0],
    [0, 0.5, 0.5],
  ]);
  expect(rowsOf(area(2, 3))).toEqual([
    [1, 0],
    [0.5, 0.5],
    [0, 1],
  ]);
});

test("bicubic taps outside the map are those at its edge", () => {
  expect(rowsOf(bicubic(1, 3))).toEqual([[1], [1], [1]]);
  // Place 0 of 4 lies at -1/4 of 2, so its taps -2, -1, 0 and 1 are 1.75, 0.75, 0.25 and 1.25 away.
  const [far, near, nearest, beyond] = [-0.03515625, 0.26171875, 0.87890625, -0.10546875];
  expect(rowsOf(bicubic(2, 4))[0]).toEqual([far + near + nearest, beyond]);
});

test.each([area, bicubic, bilinear])("keeps constants, and a map of the same size as it is", (kernel) => {
  for (const [from, to] of [
    [5, 13],
    [13, 5],
    [16, 3],
    [2, 7],
  ] as const)
    for (const row of rowsOf(kernel(from, to))) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  expect(rowsOf(kernel(3, 3))).toEqual([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]);
});

test("bilinear stays at the edge on the left and on the right", () => {
  expect(rowsOf(bilinear(2, 4))).toEqual([
    [1, 0],
    [0.75, 0.25],
    [0.25, 0.75],
    [0, 1],
  ]);
});

test("turned swaps rows and columns", () => {
  expect(rowsOf(turned(area(2, 3)))).toEqual([
    [1, 0.5, 0],
    [0, 0.5, 1],
  ]);
});
