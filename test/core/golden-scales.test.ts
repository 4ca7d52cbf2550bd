/** VAR's own numbers: everything that its cases in test/fixtures list, and that a wrong setting shows where it acts. */
import path from "node:path";
import { expect, test } from "vitest";
import { referenceEngine } from "../../src/engine/reference.js";
import { type GoldenCase, readCase } from "../golden/case.js";
import type { Comparison } from "../golden/compare.js";
import { findSystem } from "../golden/systems/index.js";

const engine = referenceEngine();

async function run(name: string, change: (golden: GoldenCase) => GoldenCase = (golden) => golden) {
  const folder = path.join(import.meta.dirname, "../fixtures/var", name);
  const golden = change(await readCase(folder));
  const comparisons: Comparison[] = [];
  for await (const each of findSystem(golden)(folder, golden, engine)) comparisons.push(each);
  return comparisons;
}

const failures = (comparisons: readonly Comparison[]) =>
  comparisons.filter(({ pass }) => !pass).map(({ name }) => name);

test.each([
  ["resample", 38],
  ["pick", 12],
  ["phi", 95],
  ["vqvae-deep", 36],
  ["transformer-own-adaln", 23],
] as const)("%s", async (name, count) => {
  const comparisons = await run(name);
  expect(failures(comparisons)).toEqual([]);
  expect(comparisons.length).toBe(count);
});

test("another guidance shows in the guided logits alone", async () => {
  const wrong = failures(
    await run("transformer-own-adaln", (golden) => ({ ...golden, config: { ...golden.config, cfg: 1.6 } })),
  );
  expect(wrong).toContain("gen.logits_guided");
  expect(wrong).not.toContain("tf.logits");
  expect(wrong).not.toContain("edit.fhat_per_scale");
});
