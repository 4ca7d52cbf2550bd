/** Guesses within runs: the ids of next-token, in as many passes as guesses and runs allow. */
import { expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { decode } from "../../../src/core/decode/loop.js";
import { nextToken } from "../../../src/core/decode/next-token.js";
import { type Runs, runLookup } from "../../../src/core/decode/run-lookup.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import type { Strategy } from "../../../src/core/decode/step.js";
import { markovLogits, type Table, tableModel } from "../table-model.js";

async function run(strategy: Strategy, seed: number, table: Table) {
  for await (const event of decode(tableModel(strategy.items, table), strategy, sampler({ seed })))
    if (event.type === "decode-end") return { ids: event.values.map((ids) => [...ids]), passes: event.usage.passes };
  throw new Error("a run ends with decode-end");
}

/** Runs of `length` ids; the guess is the number of ids before it, modulo `ids`. Keeps what it was told. */
class Counting implements Runs {
  readonly final: number[] = [];
  supposed: number[] = [];
  constructor(
    private readonly length: number,
    private readonly ids: number,
  ) {}
  get ahead() {
    return this.length - (this.final.length % this.length);
  }
  get guess() {
    if (this.supposed.length + 1 >= this.ahead) throw new Error("a guess at the last id of a run is never fed");
    return (this.final.length + this.supposed.length) % this.ids;
  }
  accept(id: number) {
    if (this.supposed.length > 0) throw new Error("what was supposed is taken back first");
    this.final.push(id);
  }
  suppose(id: number) {
    this.supposed.push(id);
  }
  forget() {
    this.supposed = [];
  }
}

test.each([1, 2, 5, 12, 40])("window %i: the ids of next-token, whatever the seed and the guesses", async (window) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const told: Counting[] = [];
    const runs = () => told[told.push(new Counting(7, 3)) - 1]!;
    const { ids } = await run(runLookup(2, 30, runs, { window }), seed, markovLogits);
    expect(ids).toEqual((await run(nextToken(2, 30), seed, markovLogits)).ids);
    expect(told.map(({ final }) => final)).toEqual(ids);
  }
});

/** Nothing but 0 1 2 3 4 over and over. */
const CYCLE: Table = (prefix) => [0, 1, 2, 3, 4].map((id) => (id === prefix.length % 5 ? 50 : 0));

test("right guesses take a pass for each window, and a run ends one", async () => {
  const passes = async (length: number, window: number) =>
    (
      await run(
        runLookup(1, 41, () => new Counting(length, 5), { window }),
        1,
        CYCLE,
      )
    ).passes;
  expect(await passes(1000, 4)).toBe(1 + 40 / 4);
  expect(await passes(1, 4)).toBe(41);
  expect(await passes(4, 4)).toBe(11 + 1); // the first pass has no window: it leaves three of the first run
  expect(await passes(1000, 1)).toBe(41);
});

test.each([{ window: 0 }, { window: 257 }, { window: 1.5 }])("%o is refused", (settings) => {
  expect(() => runLookup(1, 4, () => new Counting(2, 3), settings)).toThrow(ArgumentError);
});
