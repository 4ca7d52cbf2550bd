import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { decode } from "../../../src/core/decode/loop.js";
import { diagonals } from "../../../src/core/grid.js";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import { regionGroups } from "../../../src/core/grid.js";
import { parallelRegions } from "../../../src/core/decode/parallel-regions.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Forward, Step, Strategy, TokenDraws } from "../../../src/core/decode/step.js";
import { f32 } from "../../../src/engine/tensor.js";

const numbers = { value: (item: number, k: number) => 10 * item + k } as TokenDraws;

/** All passes of a strategy, with ids that say where they were drawn. */
function passesOf(strategy: Strategy): Step[] {
  const steps: Step[] = [];
  for (let step = strategy.plan(); step; step = strategy.plan()) {
    steps.push(step);
    strategy.accept(numbers);
  }
  return steps;
}

describe("diagonals", () => {
  test("of squares, oblongs and video, in raster order inside", () => {
    expect(diagonals([3, 3])).toEqual([[0], [1, 3], [2, 4, 6], [5, 7], [8]]);
    expect(diagonals([2, 4])).toEqual([[0], [1, 4], [2, 5], [3, 6], [7]]);
    expect(diagonals([2, 2, 2])).toEqual([[0], [1, 2, 4], [3, 5, 6], [7]]);
    expect(diagonals([1, 1])).toEqual([[0]]);
  });

  test.each([
    [[16, 16], 31],
    [[24, 24], 47],
    [[32, 32], 63],
    [[4, 16, 16], 34],
  ])("%j takes %d passes and holds every position once", (extents, passes) => {
    const groups = diagonals(extents);
    expect(groups.length).toBe(passes);
    const cells = extents.reduce((a, b) => a * b, 1);
    expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(cells).keys()]);
  });

  test.each([[[]], [[0, 3]], [[2.5, 2]], [[3, -1]]])("refuses the extents %j", (extents) => {
    expect(() => diagonals(extents)).toThrow(ArgumentError);
  });
});

describe("regions", () => {
  test("place by place inside, region by region", () => {
    expect(regionGroups(4, 4)).toEqual([
      [0, 2, 8, 10],
      [1, 3, 9, 11],
      [4, 6, 12, 14],
      [5, 7, 13, 15],
    ]);
    expect(regionGroups(6, 9)[1]).toEqual([1, 3, 5, 13, 15, 17, 25, 27, 29]);
    expect(regionGroups(3, 1).flat()).toEqual([...Array(9).keys()]); // one region is raster order
  });

  test("first tokens one by one, then a group a pass: 4 + 143 for 24 × 24 in four", () => {
    const steps = passesOf(parallelRegions(1, 24, 4));
    expect(steps.length).toBe(147);
    expect(steps.slice(0, 6).map(({ fill }) => fill.length)).toEqual([1, 1, 1, 1, 4, 4]);
    expect(steps.slice(0, 6).map(({ feed }) => feed.length)).toEqual([0, 1, 1, 1, 1, 4]);
  });

  test.each([
    [4, 3],
    [6, 16],
    [5, 4],
    [4, 0],
    [4, -4],
  ])("refuses to cut a side of %d into %d", (side, regions) => {
    expect(() => regionGroups(side, regions)).toThrow(ArgumentError);
  });
});

test("a pass feeds the group before it, with the ids that were drawn, and keeps all that was fed", () => {
  const steps = passesOf(nextNeighbor(2, [2, 3]));
  expect(steps.map(({ keep, feed, fill }) => ({ keep, feed, fill }))).toEqual([
    { keep: 0, feed: [], fill: [0] },
    { keep: 0, feed: [0], fill: [1, 3] },
    { keep: 1, feed: [1, 3], fill: [2, 4] },
    { keep: 3, feed: [2, 4], fill: [5] },
  ]);
  expect(steps[2]!.values).toEqual([
    [0, 1],
    [10, 11],
  ]);
});

test("tokens that are there when a position is drawn", () => {
  const before = nextNeighbor(1, [2, 3]).drawnBefore;
  expect([0, 1, 2, 3, 4, 5].map(before)).toEqual([0, 1, 3, 1, 3, 5]);
});

test("the repetition penalty sees all that is there, on whatever row", async () => {
  const always: Forward = {
    items: 1,
    forward: async ({ fill }) => ({
      conditional: f32(
        [1, fill.length, 4],
        fill.flatMap(() => [4, 3, 2, 1]),
      ),
      unconditional: null,
    }),
  };
  const coins = sampler({ seed: 0, sampling: { temperature: 0, repetitionPenalty: 10 } });
  for await (const event of decode(always, nextNeighbor(1, [2, 2]), coins))
    if (event.type === "decode-end") expect([...event.values[0]!]).toEqual([0, 1, 1, 2]); // 1 and 2 are drawn together
});
