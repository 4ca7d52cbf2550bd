/** Octrees of points against the authors' own code. */
import path from "node:path";
import { expect, test } from "vitest";
import { readCase } from "../../golden/case.js";
import { octgptOctree } from "../../golden/systems/octgpt-octree.js";

test("octgpt/octree-build", async () => {
  const folder = path.join(import.meta.dirname, "../../fixtures/octgpt/octree-build");
  const comparisons = [];
  for await (const each of octgptOctree(folder, await readCase(folder))) comparisons.push(each);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  expect(comparisons.length).toBe(16);
});
