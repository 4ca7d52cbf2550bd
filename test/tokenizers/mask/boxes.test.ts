import { describe, expect, it, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import type { Box } from "../../../src/base/plane.js";
import { boxesIn, boxWords } from "../../../src/tokenizers/mask/boxes.js";

const boxes: readonly Box[] = [
  [0, 0, 1, 1],
  [100 / 999, 20 / 999, 300 / 999, 40 / 999],
];

test("boxes are written x first, from 0 to 999, and read back", () => {
  expect(boxWords(boxes)).toBe("<box>[[0,0,999,999],[20,100,40,300]]</box>");
  expect(boxesIn(`The umbrella: ${boxWords(boxes)}.`)).toEqual(boxes);
  expect(boxesIn("<box>[[999, 999, 0, 0]]</box> or <box> [ [1,2,3,4] ] </box>")).toEqual([
    [0, 0, 1, 1],
    [2 / 999, 1 / 999, 4 / 999, 3 / 999],
  ]);
});

describe("what is no box", () => {
  it.each([
    "",
    "[[1,2,3,4]]",
    "<box>[[1,2,3]]</box>",
    "<box>[[1,2,3,1000]]</box>",
    "<box>[[1,2,3,]]</box>",
    "<box>[[1,2,3,-4]]</box>",
  ])("%j is passed over", (words) => expect(boxesIn(words)).toEqual([]));

  it.each([[[0, 0, 1]], [[0.5, 0, 0.4, 1]], [[0, 0, 1, 1.1]], [[0, 0, 1, Number.NaN]]])("%j is refused", (box) => {
    expect(() => boxWords([box as unknown as Box])).toThrow(ArgumentError);
  });
});
