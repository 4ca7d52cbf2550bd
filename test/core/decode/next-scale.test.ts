import { describe, expect, test } from "vitest";
import { decode } from "../../../src/core/decode/loop.js";
import {
  type Cell,
  gumbelNoise,
  mixture,
  nextScale,
  type NextScaleOptions,
} from "../../../src/core/decode/next-scale.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import { type Accepted, idOf, type Step } from "../../../src/core/decode/step.js";
import { chiSquare, tableModel } from "../table-model.js";

const SIDES = [1, 2, 3];
const POSITIONS = 14;
const LAW = [0.1, 0.2, 0.3, 0.4];

async function decoded(items: number, options: NextScaleOptions = {}, seed = 0, firstItem = 0) {
  const steps: Step<Cell>[] = [];
  const accepted: (readonly Accepted<Cell>[])[] = [];
  const table = tableModel(items, () => LAW.map(Math.log));
  const model = { items, forward: (step: Step<Cell>) => (steps.push(step), table.forward(step as Step)) };
  let ids: readonly (readonly number[])[] = [];
  for await (const event of decode(model, nextScale(items, SIDES, options), sampler({ seed, firstItem }))) {
    if (event.type === "decode-end") ids = event.values.map((line) => line.map(idOf));
    else accepted.push(event.accepted);
  }
  return { steps, accepted, ids: ids.map((line) => [...line]) };
}

test("fills one whole scale a pass, fed with the one before", async () => {
  const { steps, ids } = await decoded(2);
  expect(steps.map(({ keep, feed, fill, sight }) => [keep, feed, fill, sight])).toEqual([
    [0, [], [0], "block"],
    [0, [0], [1, 2, 3, 4], "block"],
    [1, [1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11, 12, 13], "block"],
  ]);
  expect(steps[2]!.values).toEqual(ids.map((line) => line.slice(1, 5)));
  expect(ids.every((line) => line.length === POSITIONS && line.every((id) => id >= 0))).toBe(true);
});

describe("mixtures", () => {
  test("are fed instead of ids, and are the same for an item in any batch", async () => {
    const { steps, accepted } = await decoded(2, { noise: gumbelNoise(7) });
    expect(steps[0]!.values).toEqual([[], []]);
    expect(steps[1]!.values).toEqual(accepted[0]!.map(({ values }) => values));
    expect(accepted[0]![0]!.values[0]).toMatchObject({ id: expect.any(Number), ids: Int32Array.of(0, 1, 2, 3) });
    const alone = await decoded(1, { noise: gumbelNoise(7, 1) }, 0, 1);
    expect(alone.accepted.map(([line]) => line)).toEqual(accepted.map((pass) => pass[1]));
    const ids = accepted.map((pass) => pass.map(({ values }) => values.map(idOf)));
    expect((await decoded(2)).accepted.map((pass) => pass.map(({ values }) => values))).toEqual(ids);
  });

  test("are the formula by hand, and almost draws at the end", () => {
    const distribution = { ids: Int32Array.of(2, 5), probabilities: Float64Array.of(0.25, 0.75) };
    const { ids, probabilities } = mixture(distribution, 0.5, (id) => (id === 5 ? 0.1 : 0));
    const temperature = 0.27 * (1 - 0.95 * 0.5);
    const odds = Math.exp((1.5 * Math.log(3) + 0.1) / temperature);
    expect([...ids]).toEqual([2, 5]);
    expect(probabilities[0]).toBeCloseTo(1 / (1 + odds), 12);
    expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 12);
    expect(Math.max(...mixture(distribution, 1, () => 0).probabilities)).toBeGreaterThan(1 - 1e-9);
  });

  test("their noise has Gumbel's mean and variance, and choosing by it is drawing", () => {
    const noise = gumbelNoise(1);
    const draws = Array.from({ length: 20_000 }, (_, i) => noise(0, i, 3));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(0.5772, 1);
    expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1);
    const counts = LAW.map(() => 0);
    for (let position = 0; position < 5000; position++) {
      const scores = LAW.map((p, id) => Math.log(p) + noise(1, position, id));
      counts[scores.indexOf(Math.max(...scores))]!++;
    }
    expect(chiSquare(counts, LAW)).toBeLessThan(16.27);
  });
});
