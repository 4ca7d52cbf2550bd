/** TiTok's generator against the authors' own code, and what it refuses. */
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decode } from "../../../src/core/decode/loop.js";
import { sampler } from "../../../src/core/decode/sampler.js";
import { IMAGE_BERT } from "../../../src/core/image-bert/architecture.js";
import { imageBertObjective, IMAGE_BERTS, parseImageBertConfig } from "../../../src/core/image-bert/config.js";
import { imageBertGraph } from "../../../src/core/image-bert/graph.js";
import { openModel } from "../../../src/core/model.js";
import { strategyOf } from "../../../src/core/orders.js";
import { guidance } from "../../../src/core/sampling/guidance.js";
import { openSession } from "../../../src/core/session.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { openWeights, readCase } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { titokGenerator } from "../../golden/systems/titok-generator.js";

const engine = referenceEngine();
afterAll(() => engine.close());
const folder = path.join(import.meta.dirname, "../../fixtures/titok/generator-bert");
const SIZES = {
  layers: 2,
  heads: 4,
  width: 32,
  hidden: 64,
  vocabulary: 24,
  classes: 5,
  positions: 12,
  normEpsilon: 1e-12,
};

async function opened() {
  await using weights = await openWeights(folder);
  return await openModel(engine, IMAGE_BERT, parseImageBertConfig(SIZES), weights);
}

test("logits, and a run with the authors' noise id by id", async () => {
  const comparisons: Comparison[] = [];
  for await (const each of titokGenerator(folder, await readCase(folder), engine)) comparisons.push(each);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  expect(comparisons.length).toBe(4);
});

test("the published sizes are those of the paper: 177 million weights for L-32", () => {
  const { weights } = imageBertGraph(IMAGE_BERTS["titok-l-32"]);
  const count = [...weights.values()].reduce(
    (sum, { shape }) => sum + shape.reduce<number>((a, b) => a * Number(b), 1),
    0,
  );
  expect(Math.round(count / 1e6)).toBe(177);
});

test("guided and not, an item has the same ids in any batch", async () => {
  await using model = await opened();
  const run = async (classes: readonly (number | null)[], firstItem: number, scale: number) => {
    await using session = await openSession(model, classes, { guided: scale !== 1 });
    const options = { seed: 4, firstItem, guidance: guidance(scale) };
    const strategy = strategyOf(classes.length, imageBertObjective(model.config), "masked", options);
    for await (const event of decode(session, strategy, sampler(options)))
      if (event.type === "decode-end") return event.values;
    throw new Error("no end");
  };
  for (const scale of [1, 3]) {
    const lines = await run([1, null, 3], 0, scale);
    expect(new Set(lines.map(String)).size).toBe(3);
    for (const [item, of] of [1, null, 3].entries()) expect(await run([of], item, scale)).toEqual([lines[item]]);
  }
});

describe("refuses", () => {
  test("classes, ids and positions that are none", async () => {
    await using model = await opened();
    await expect(openSession(model, [5], { guided: false })).rejects.toThrow("classes from 0 to 4");
    await expect(openSession(model, [], { guided: false })).rejects.toThrow("at least one item");
    await using session = await openSession(model, [0], { guided: false });
    const step = { keep: 0, sight: "block" } as const;
    await expect(session.forward({ ...step, feed: [1], values: [[24]], fill: [2] })).rejects.toThrow("ids below 24");
    await expect(session.forward({ ...step, feed: [], values: [[]], fill: [12] })).rejects.toThrow("step.fill");
  });

  test("sizes that do not fit together", () => {
    expect(() => parseImageBertConfig({ ...SIZES, heads: 5 })).toThrow("width");
    expect(() => parseImageBertConfig({ ...SIZES, steps: 8 })).toThrow("steps");
  });
});
