import { describe, expect, test } from "vitest";
import { ending } from "../../../src/core/decode/ending.js";
import { jacobi } from "../../../src/core/decode/jacobi/jacobi.js";
import { lineLayout } from "../../../src/core/decode/layout.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { type SamplerOptions, sampler } from "../../../src/core/decode/sampler.js";
import type { Strategy } from "../../../src/core/decode/step.js";
import { suppressed } from "../../../src/core/sampling/stages.js";
import { markovLogits, tableModel } from "../table-model.js";

const END = 2;
const MOST = 30;

async function run(strategy: Strategy, options: Partial<SamplerOptions> = {}) {
  const model = tableModel(strategy.items, markovLogits);
  const events = [];
  for await (const event of decode(model, strategy, sampler({ seed: 4, ...options }))) events.push(event);
  const last = events.at(-1)!;
  if (last.type !== "decode-end") throw new Error("a run ends with decode-end");
  return { values: last.values, usage: last.usage, passes: model.passes };
}

const ends = (value: number) => value === END;

describe.each([
  ["next-token", (items: number): Strategy => nextToken(items, MOST)],
  ["jacobi", (items: number): Strategy => jacobi(items, MOST, lineLayout(3), { window: 5 })],
] as const)("%s", (_, make) => {
  test("an item is what the free strategy gives it, up to the first stop value", async () => {
    const free = (await run(make(6))).values;
    const { values, usage } = await run(ending(make(6), ends));
    const cut = free.map((line) => (line.includes(END) ? line.slice(0, line.indexOf(END) + 1) : line));
    expect(values).toEqual(cut);
    expect(new Set(cut.map(({ length }) => length)).size).toBeGreaterThan(1);
    expect(usage.accepted).toBe(cut.flat().length);
  });

  test("no item depends on the lengths of the others", async () => {
    const { values } = await run(ending(make(6), ends));
    for (const [item, line] of values.entries())
      expect((await run(ending(make(1), ends), { firstItem: item })).values).toEqual([line]);
  });

  test("the run is over when the last item has ended", async () => {
    const always = await run(ending(make(3), () => true));
    expect(always.values.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(always.passes).toBe(1);
  });
});

test("suppressed stop values keep items going", async () => {
  const stages = { first: [suppressed([END], 7)] };
  const { values } = await run(ending(nextToken(8, MOST), ends), { stages });
  for (const line of values) {
    expect(line.length).toBeGreaterThanOrEqual(8);
    expect(line.slice(0, 7)).not.toContain(END);
  }
});

test("a stop is asked once for each value, with its place", async () => {
  const asked: string[] = [];
  const stop = (value: number, { item, position }: { item: number; position: number }) => {
    asked.push(`${item}:${position}:${value}`);
    return position === 2;
  };
  const { values } = await run(ending(nextToken(2, MOST), stop));
  expect(asked.sort()).toEqual(values.flatMap((line, item) => line.map((value, p) => `${item}:${p}:${value}`)).sort());
});
