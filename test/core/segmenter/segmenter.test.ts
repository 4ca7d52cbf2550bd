/** The segmenter against the recipe that trains it; and its sessions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openModel } from "../../../src/core/model.js";
import { SEGMENTER, type Segmenter } from "../../../src/core/segmenter/architecture.js";
import { parseSegmenterConfig } from "../../../src/core/segmenter/config.js";
import type { Box } from "../../../src/base/plane.js";
import { openSession } from "../../../src/core/session.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { type FloatTensor, tensor } from "../../../src/engine/tensor.js";
import { openCheckpoint } from "../../../src/engine/weights/open.js";
import { readTensors } from "../../golden/case.js";
import { linesOf } from "../../golden/systems/runs.js";
import { TINY_MASKS } from "../../support/tiny-mask-model.js";

const engine = referenceEngine();
const sizes = (
  JSON.parse(readFileSync(join(TINY_MASKS, "config.json"), "utf8")) as {
    readonly segmenter: { readonly config: object };
  }
).segmenter.config;
const V = 64;
const N = 7;
let model: Segmenter;
let io: Awaited<ReturnType<typeof readTensors>>;
beforeAll(async () => {
  await using weights = await openCheckpoint(join(TINY_MASKS, "segmenter.safetensors"));
  model = await openModel(engine, SEGMENTER, parseSegmenterConfig(sizes), weights);
  io = await readTensors(TINY_MASKS);
});
afterAll(() => engine.close());

const picture = (item: number) => {
  const { data } = io.get("pictures") as FloatTensor;
  return tensor([1, 3, 16, 16], data.slice(item * 768, (item + 1) * 768));
};
const caption = (item: number) => [[5, 9, 11], [7]][item]!;
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
const expected = (item: number) => (io.get("logits") as FloatTensor).data.subarray(item * N * V, (item + 1) * N * V);
const fill = [0, 1, 2, 3, 4, 5, 6];

/** On a grid of 8 x 8 places, as the tokenizer that the recipe trains beside it has it. */
const boxOf = ([first, second]: readonly number[]): Box => {
  const [top, left] = [Math.floor(first! / 8), first! % 8];
  return [top / 8, left / 8, (Math.floor(second! / 8) + 1) / 8, ((second! % 8) + 1) / 8];
};

/** With a picture, and without one. */
test.each([0, 1])("item %i: all positions in one pass give the recipe's logits", async (item) => {
  const ids = linesOf(io.get("ids")!)[item]!;
  const start = { captions: [caption(item)], pictures: item === 0 ? picture(0) : null, boxOf };
  await using session = await openSession(model, start, { guided: false });
  const values = [Array.from(ids).slice(0, -1)];
  const { conditional } = await session.forward({ keep: 0, feed: fill.slice(0, -1), values, sight: "causal", fill });
  expect(conditional.shape).toEqual([1, N, V]);
  expect(worst(conditional.data, expected(item))).toBeLessThan(2e-4);
});

test("so do single steps, guided, after taking some back; and the words matter", async () => {
  const ids = linesOf(io.get("ids")!)[0]!;
  await using session = await openSession(
    model,
    { captions: [caption(0)], pictures: picture(0), boxOf },
    { guided: true },
  );
  for (const [from, to] of [
    [0, 4],
    [1, 6],
    [4, 7],
  ] as const) {
    for (let position = from; position < to; position++) {
      const feed = position === 0 ? [] : [position - 1];
      const values = [feed.map((i) => ids[i]!)];
      const step = { keep: Math.max(0, position - 1), feed, values, sight: "causal", fill: [position] } as const;
      const { conditional, unconditional } = await session.forward(step);
      expect(worst(conditional.data, expected(0).subarray(position * V))).toBeLessThan(2e-4);
      expect(worst(conditional.data, unconditional!.data)).toBeGreaterThan(1e-3);
    }
  }
});

test("entries may be kept by their numbers, the second look with the last corner", async () => {
  const ids = linesOf(io.get("ids")!)[0]!;
  await using session = await openSession(
    model,
    { captions: [caption(0)], pictures: picture(0), boxOf },
    { guided: false },
  );
  const values = [Array.from(ids).slice(0, 5)];
  await session.forward({ keep: 0, feed: [0, 1, 2, 3, 4], values, sight: "causal", fill: [5] });
  const step = {
    keep: [0, 1, 2],
    feed: [3, 4, 5],
    values: [Array.from(ids).slice(3, 6)],
    sight: "causal",
    fill: [6],
  } as const;
  const { conditional } = await session.forward(step);
  expect(worst(conditional.data, expected(0).subarray(6 * V))).toBeLessThan(2e-4);
});

describe("refuses", () => {
  const opened = (captions: readonly (readonly number[])[], pictures: FloatTensor | null = null) =>
    openSession(model, { captions, pictures, boxOf }, { guided: false });
  test("words and pictures that are none of the model's", async () => {
    await expect(opened([])).rejects.toThrow("at least one item");
    await expect(opened([[1, 2, 3, 4, 5, 6]])).rejects.toThrow("at most 5 words");
    await expect(opened([[280]])).rejects.toThrow("below 280");
    await expect(opened([[1], [2]], picture(0))).rejects.toThrow("[2,3,16,16]");
  });

  test("sizes that do not fit together", () => {
    expect(() => parseSegmenterConfig({ ...sizes, side: 17 })).toThrow("side");
    expect(() => parseSegmenterConfig({ ...sizes, heads: 3 })).toThrow("width");
    expect(() => parseSegmenterConfig({ ...sizes, positions: 2 })).toThrow("corners");
    expect(() => parseSegmenterConfig({ ...sizes, stem: [{ channels: 8, stride: 8 }] })).toThrow("16 channels");
    expect(() => parseSegmenterConfig({ ...sizes, stem: [] })).toThrow("one object or more");
  });
});
