/** Text encoders against the reference library's own numbers; the cases say which. */
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/engine.js";
import { openEngine } from "../../../src/engine/open.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { readCase } from "../../golden/case.js";
import type { Comparison } from "../../golden/compare.js";
import { textEncoders } from "../../golden/systems/text-encoders.js";

const reference = referenceEngine();
afterAll(() => reference.close());

async function failures(name: string, change: Record<string, unknown> = {}, engine: Engine = reference) {
  const folder = path.join(import.meta.dirname, "../../fixtures/text-encoders", name);
  const golden = await readCase(folder);
  const comparisons: Comparison[] = [];
  for await (const each of textEncoders(folder, { ...golden, config: { ...golden.config, ...change } }, engine))
    comparisons.push(each);
  expect(comparisons.length).toBe(name.startsWith("t5") ? 8 : 7);
  return comparisons.filter(({ pass }) => !pass).map(({ name }) => name);
}

const CASES = ["t5-gated-gelu", "t5-relu", "clip-quick-gelu", "clip-gelu"] as const;

test.each(CASES)("%s", async (name) => {
  expect(await failures(name)).toEqual([]);
});

test.each(["cpu", "tensorflow-wasm", "tensorflow-cpu"] as const)("on %s", async (device) => {
  await using engine = await openEngine({ device, ...(device === "cpu" && { threads: 1 }) });
  for (const name of CASES) expect(await failures(name, {}, engine), name).toEqual([]);
});

test("a wrong number in the configuration shows where it acts", async () => {
  const far = await failures("t5-relu", { relative_attention_max_distance: 40 });
  expect(far).toEqual(expect.arrayContaining(["out.buckets", "out.position_bias", "out.last"]));
  expect(far).not.toContain("out.hidden.embed");
  const activation = await failures("clip-quick-gelu", { hidden_act: "gelu" });
  expect(activation).toContain("out.hidden.penultimate");
  expect(activation).not.toContain("out.hidden.embed");
  // Where the end is stated rightly, larger ids do not end a text.
  expect(await failures("clip-gelu", { eos_token_id: 2 })).toEqual([
    ...["out.pooled", "out.text_embeds", "out.text_embeds_masked"],
  ]);
});
