/** Text models against the reference library's own numbers; the cases say which. */
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/engine.js";
import { openEngine } from "../../../src/engine/open.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type GoldenCase, readCase } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { textModels } from "../../golden/systems/text-models.js";

const reference = referenceEngine();
afterAll(() => reference.close());

async function failures(
  name: string,
  change: Record<string, unknown> = {},
  engine: Engine = reference,
): Promise<string[]> {
  const folder = path.join(import.meta.dirname, "../../fixtures/text-models", name);
  const golden: GoldenCase = await readCase(folder);
  const comparisons: Comparison[] = [];
  for await (const each of textModels(folder, { ...golden, config: { ...golden.config, ...change } }, engine))
    comparisons.push(each);
  expect(comparisons.length).toBeGreaterThanOrEqual(9);
  return comparisons.filter(({ pass }) => !pass).map(({ name }) => name);
}

test.each(["qwen2", "gemma3-text"])("%s", async (name) => {
  expect(await failures(name)).toEqual([]);
});

test.each(["cpu", "tensorflow-wasm", "tensorflow-cpu"] as const)("qwen2 on %s", async (device) => {
  await using engine = await openEngine({ device, ...(device === "cpu" && { threads: 1 }) });
  expect(await failures("qwen2", {}, engine)).toEqual([]);
});

test("a wrong number in the configuration shows where it acts", async () => {
  const base = await failures("qwen2", { rope_theta: 10_000 });
  expect(base).toContain("out.k_cache.layer0");
  expect(base).not.toContain("out.hidden.embed");
  const local = await failures("gemma3-text", { rope_local_base_freq: 9000 });
  expect(local).toContain("out.k_cache.layer0");
  expect(await failures("gemma3-text", { sliding_window: 5 })).toContain("out.layer0.attn");
});
