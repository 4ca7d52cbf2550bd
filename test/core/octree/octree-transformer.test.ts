/** The transformer over octrees against the recipe that trains it; and its sessions. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { openModel } from "../../../src/core/model.js";
import { OCTREE, type OctreeTransformer } from "../../../src/core/octree/architecture.js";
import { parseOctreeConfig } from "../../../src/core/octree/config.js";
import { openSession } from "../../../src/core/session.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { PlaceReader } from "../../../src/tokenizers/octree/places.js";

const folder = new URL("../../fixtures/octree-transformer/", import.meta.url);
const file = (name: string) => fileURLToPath(new URL(name, folder));
const { config, ids, words } = JSON.parse(readFileSync(file("case.json"), "utf8")) as {
  readonly config: unknown;
  readonly ids: readonly number[];
  readonly words: readonly number[];
};
const engine = referenceEngine();
let model: OctreeTransformer;
let expected: Float32Array;
beforeAll(async () => {
  await using io = await openCheckpoint(file("io.safetensors"));
  expected = await io.floats("logits");
  await using weights = await openCheckpoint(file("weights.safetensors"));
  model = await openModel(engine, OCTREE, parseOctreeConfig(config), weights);
});
afterAll(() => engine.close());

const start = (captions: readonly (readonly number[])[]) => ({ captions, places: () => new PlaceReader() });
const V = 375;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

test("all positions in one pass give the recipe's logits", async () => {
  await using session = await openSession(model, start([words]), { guided: false });
  const feed = ids.slice(0, -1).map((_, i) => i);
  const fill = ids.map((_, i) => i);
  const { conditional } = await session.forward({ keep: 0, feed, values: [ids.slice(0, -1)], sight: "causal", fill });
  expect(conditional.shape).toEqual([1, ids.length, V]);
  expect(worst(conditional.data, expected)).toBeLessThan(2e-4);
});

test("so do single steps, in a batch, guided, after taking some back", async () => {
  await using session = await openSession(model, start([[386], words]), { guided: true });
  let kept = 0;
  for (const upTo of [9, 5, 20]) {
    for (let position = kept > upTo ? (kept = upTo) : kept; position <= upTo; position++) {
      const feed = position === 0 ? [] : [position - 1];
      const values = [feed.map((i) => ids[i]!), feed.map((i) => ids[i]!)];
      const keep = Math.max(0, position - 1);
      const { conditional, unconditional } = await session.forward({
        keep,
        feed,
        values,
        sight: "block",
        fill: [position],
      });
      expect(worst(conditional.data.subarray(V), expected.subarray(position * V, (position + 1) * V))).toBeLessThan(
        2e-4,
      );
      expect(worst(unconditional!.data.subarray(0, V), unconditional!.data.subarray(V))).toBeLessThan(1e-6);
      kept = position;
    }
  }
});

test("what cannot be fed or predicted is refused", async () => {
  await using session = await openSession(model, start([words]), { guided: false });
  const step = (feed: number[], fill: number[]) =>
    session.forward({ keep: 0, feed, values: [feed.map((i) => ids[i]!)], sight: "causal", fill });
  await expect(step([1], [0])).rejects.toThrow(ArgumentError);
  await expect(step([], [1])).rejects.toThrow(ArgumentError);
  await expect(openSession(model, start([Array(25).fill(385)]), { guided: false })).rejects.toThrow(/at most 24 words/);
});
