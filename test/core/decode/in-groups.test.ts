import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { decode, type Usage } from "../../../src/core/decode/loop.js";
import { diagonals } from "../../../src/core/grid.js";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import { regionGroups } from "../../../src/core/grid.js";
import { parallelRegions } from "../../../src/core/decode/parallel-regions.js";
import { type SamplerOptions, sampler } from "../../../src/core/decode/sampler.js";
import type { Forward, Step, Strategy, TokenDraws } from "../../../src/core/decode/step.js";
import { f32 } from "../../../src/engine/tensor.js";
import { chiSquare } from "../table-model.js";

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

/** Probability of 1 on a grid of two columns, out of the neighbours above and to the left, -1 where there is none. */
const chance = (above: number, left: number) =>
  [0.5, 0.2, 0.9, 0.35, 0.7, 0.1, 0.6, 0.85, 0.45][(above + 1) * 3 + left + 1]!;

/** Knows what was fed at which position, and predicts a cell from its neighbours. */
function gridModel(items: number): Forward {
  const fed = Array.from({ length: items }, () => new Map<number, number>());
  const of = (item: number, position: number) => fed[item]!.get(position) ?? -1;
  return {
    items,
    async forward({ feed, values, fill }) {
      feed.forEach((position, i) => values.forEach((line, item) => void fed[item]!.set(position, line[i]!)));
      const logits = fed.flatMap((_, item) =>
        fill.flatMap((position) => {
          const p = chance(of(item, position - 2), position % 2 ? of(item, position - 1) : -1);
          return [Math.log(1 - p), Math.log(p)];
        }),
      );
      return { conditional: f32([items, fill.length, 2], logits), unconditional: null };
    },
  };
}

async function run(items: number, rows: number, options: Partial<SamplerOptions> = {}) {
  let usage: Usage | undefined;
  let ids: number[][] = [];
  for await (const event of decode(gridModel(items), nextNeighbor(items, [rows, 2]), sampler({ seed: 3, ...options })))
    if (event.type === "decode-end") {
      usage = event.usage;
      ids = event.values.map((line) => [...line]);
    }
  return { ids, usage: usage! };
}

describe("decoding by diagonals", () => {
  test("follows the distribution of the model exactly", async () => {
    const distribution = Array.from({ length: 64 }, (_, index) => {
      const cell = (position: number) => (index >> position) & 1;
      return [0, 1, 2, 3, 4, 5].reduce((product, position) => {
        const p = chance(position < 2 ? -1 : cell(position - 2), position % 2 ? cell(position - 1) : -1);
        return product * (cell(position) ? p : 1 - p);
      }, 1);
    });
    const counts = Array<number>(64).fill(0);
    const { ids } = await run(20_000, 3);
    for (const line of ids) counts[line.reduce((index, id, position) => index + (id << position), 0)]!++;
    expect(chiSquare(counts, distribution)).toBeLessThan(103.4); // 99.9% point of 63 degrees of freedom
    const tilted = counts.map((count, i) => (i % 2 ? count : count * 1.1));
    expect(chiSquare(tilted, distribution)).toBeGreaterThan(103.4);
  });

  test("an item does not depend on its batch; passes and tokens are counted", async () => {
    const { ids, usage } = await run(4, 6);
    expect(usage).toEqual({ passes: 7, tried: 48, accepted: 48 });
    for (const [item, line] of ids.entries()) expect((await run(1, 6, { firstItem: item })).ids).toEqual([line]);
    expect(new Set(ids.map(String)).size).toBeGreaterThan(1);
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
});
