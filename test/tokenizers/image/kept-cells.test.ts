import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import type { Box } from "../../../src/base/plane.js";
import { boxMask, keptCells } from "../../../src/tokenizers/image/kept-cells.js";
import { type Grid, MULTI_SCALE_CONFIGS } from "../../../src/tokenizers/image/multi-scale-config.js";

const { scales } = MULTI_SCALE_CONFIGS["var-256"];
const BOX: Box = [0.1, 0.1, 0.8, 0.8];

it("keeps as many cells of each scale as the reference", () => {
  const keep = keptCells(boxMask(BOX, [16, 16], "in"), scales);
  let start = 0;
  const counts = scales.map(([rows, columns]) => {
    const cells = keep.subarray(start, (start += rows * columns));
    return cells.reduce((sum, flag) => sum + flag, 0);
  });
  expect(counts).toEqual([1, 0, 5, 8, 16, 20, 29, 51, 89, 135]);
});

it("is the other way round for out-painting, on the last scale", () => {
  const last = (painting: "in" | "out") => [...keptCells(boxMask(BOX, [16, 16], painting), scales).subarray(-256)];
  expect(last("out")).toEqual(last("in").map((flag) => 1 - flag));
});

it("rounds halves of cells to the even one", () => {
  const { data } = boxMask([0, 0.125, 1, 0.875], [1, 4], "out"); // 0.5 and 3.5 cells
  expect([...(data as Uint8Array)]).toEqual([1, 1, 1, 1]);
});

describe("refuses", () => {
  const grids: readonly Grid[] = [
    [1, 1],
    [2, 3],
  ];
  it.each([
    ["a mask of another size", { height: 3, width: 2, data: [1, 0, 1, 0, 1, 0] }, /3 x 2/],
    ["flags that do not cover it", { height: 2, width: 3, data: [1, 0] }, /cells/],
    ["shades", { height: 2, width: 3, data: [1, 0, 0.5, 0, 1, 0] }, /0 or 1/],
    ["a mask that keeps nothing", { height: 2, width: 3, data: [0, 0, 0, 0, 0, 0] }, /keep/],
    ["a mask that keeps all", { height: 2, width: 3, data: [1, 1, 1, 1, 1, 1] }, /generate/],
  ])("%s", (_, mask, message) => {
    expect(() => keptCells(mask, grids)).toThrow(ArgumentError);
    expect(() => keptCells(mask, grids)).toThrow(message);
  });
  it("boxes outside the picture", () => {
    expect(() => boxMask([0, 0, 1.2, 1], [4, 4], "in")).toThrow(ArgumentError);
  });
});
