/** OctGPT's layers on dual graphs, its autoencoder and its transformer against the authors' own code. */
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { readCase } from "./case.js";
import { octgptCodec, octgptGraph } from "./systems/octgpt-codec.js";
import { octgptGenerate, octgptPass } from "./systems/octgpt-transformer.js";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ device: "cpu" });
});
afterAll(() => engine.close());

test.each([
  ["dual-graph", octgptGraph, 11],
  ["vqvae", octgptCodec, 23],
  ["transformer-sin-layernorm", octgptPass, 27],
  ["transformer-abs-rms-cross", octgptPass, 19],
  ["generate", octgptGenerate, 11],
] as const)("octgpt/%s", async (name, system, tensors) => {
  const folder = path.join(import.meta.dirname, "../fixtures/octgpt", name);
  const comparisons = [];
  for await (const each of system(folder, await readCase(folder), engine)) comparisons.push(each);
  expect(comparisons.filter(({ pass }) => !pass)).toEqual([]);
  expect(comparisons.length).toBe(tensors);
});
