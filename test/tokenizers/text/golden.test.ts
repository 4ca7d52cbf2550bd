/** Golden cases of the runner that are small enough to stand here. */
import path from "node:path";
import { expect, test } from "vitest";
import { readCase } from "../../golden/case.js";
import { tokenizers } from "../../golden/systems/tokenizers.js";

test("lengths of texts and pairs: strategies, sides, padding, refusals", async () => {
  const folder = path.join(import.meta.dirname, "../../fixtures/tokenizers/truncation-padding");
  const comparisons = [];
  for await (const each of tokenizers(folder, await readCase(folder))) comparisons.push(each);
  expect(comparisons).toEqual([{ name: "lengths", maxAbs: 0, maxRel: 0, pass: true, note: "18 records" }]);
});
