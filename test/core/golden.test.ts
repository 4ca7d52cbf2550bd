/** Transformers, operations, filters and decoding against the authors' own code; recipes are beside the fixtures. */
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { referenceEngine } from "../../src/engine/reference.js";
import { type GoldenCase, readCase } from "../golden/case.js";
import type { Comparison } from "../golden/compare.js";
import type { System } from "../golden/systems/index.js";
import { llamagenGpt, llamagenOps, llamagenPick } from "../golden/systems/llamagen-gpt.js";
import { narTransformer } from "../golden/systems/nar.js";
import { parTransformer } from "../golden/systems/par.js";
import { sjdAccept, sjdForcedPositions, sjdInitialisers } from "../golden/systems/sjd.js";
import { sjdGreedy, sjdTrace } from "../golden/systems/sjd-loops.js";

const engine = referenceEngine();
afterAll(() => engine.close());

async function run(
  system: System,
  name: string,
  change: (golden: GoldenCase) => GoldenCase = (golden) => golden,
): Promise<Comparison[]> {
  const folder = path.join(import.meta.dirname, "../fixtures", name);
  const comparisons: Comparison[] = [];
  for await (const each of system(folder, change(await readCase(folder)), engine)) comparisons.push(each);
  return comparisons;
}

const failures = (comparisons: readonly Comparison[]) =>
  comparisons.filter(({ pass }) => !pass).map(({ name }) => name);

test.each([
  ["llamagen/gpt-c2i-oddhead", llamagenGpt, 12],
  ["llamagen/gpt-t2i", llamagenGpt, 15],
  ["llamagen/ops", llamagenOps, 12],
  ["llamagen/pick", llamagenPick, 12],
  ["next-neighbor/nar-c2i", narTransformer, 12],
  ["next-neighbor/nar-t2i", narTransformer, 12],
  ["next-neighbor/nar-video", narTransformer, 13],
  ["next-neighbor/par-c2i", parTransformer, 11],
  ["sjd/accept", sjdAccept, 5],
  ["sjd/trace", sjdTrace, 33],
  ["sjd/initialisers", sjdInitialisers, 5],
  ["sjd/forced-positions", sjdForcedPositions, 3],
  ["sjd/greedy-c2i", sjdGreedy, 22],
] as const)("%s", async (name, system, count) => {
  const comparisons = await run(system, name);
  expect(failures(comparisons)).toEqual([]);
  expect(comparisons.length).toBe(count);
});

test("a wrong number in the configuration shows where it acts", async () => {
  const changed = (change: Record<string, unknown>) => (golden: GoldenCase) => ({
    ...golden,
    config: { ...golden.config, ...change },
  });
  const interval = failures(await run(llamagenGpt, "llamagen/gpt-c2i-oddhead", changed({ cfg_interval: 10 })));
  expect(interval).toContain("gen.logits_guided");
  expect(interval).not.toContain("tf.logits");
  const base = failures(await run(llamagenGpt, "llamagen/gpt-c2i-oddhead", changed({ rope_base: 9000 })));
  expect(base).toEqual(expect.arrayContaining(["rope.cos_sin", "gen.k_cache_layer0", "tf.logits"]));
  expect(base).not.toContain("tf.embedded");
  const tokens = failures(await run(narTransformer, "next-neighbor/nar-t2i", changed({ cfg_interval: 5 })));
  expect(tokens).toContain("gen.logits_guided"); // the step that begins with 6 tokens was guided
  expect(tokens).not.toContain("tf.logits");
});
