/** The upscaler against the network that is trained; see fixtures/upscaler/make.py. */
import path from "node:path";
import { expect, test } from "vitest";
import { fields } from "../../../src/base/fields.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import type { FloatTensor } from "../../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import type { Picture } from "../../../src/tokenizers/image/pixels.js";
import { openUpscaler, parseUpscalerConfig, upscalerGraph } from "../../../src/tokenizers/image/upscaler.js";
import { openWeights, readTensors } from "../../golden/case.js";
import { compare } from "../../golden/compare.js";

const folder = path.join(import.meta.dirname, "../../fixtures/upscaler");
const row = { channels: 4, width: 6, blocks: 2, factor: 3 };
const config = parseUpscalerConfig(fields(row, "upscaler"));

test("pixels of the training code", async () => {
  const io = await readTensors(folder);
  await using weights = await openWeights(folder);
  const program = await referenceEngine().compile(upscalerGraph(config), weights);
  const { enlarged } = await program.run({ pixels: io.get("pixels") as FloatTensor });
  const tolerance = { abs: 1e-5, rel: 1e-5 };
  expect(compare("enlarged", enlarged!, io.get("enlarged")!, tolerance)).toMatchObject({ pass: true });
  await program.close();
});

/** Weights without which the network corrects nothing. */
const nothing = memoryCheckpoint(
  "nothing",
  upscalerGraph(config).weights.map(({ shape, source }) => {
    const data = new Float32Array((shape as readonly number[]).reduce((a, b) => a * b, 1));
    return [(source as { name: string }).name, { shape: shape as readonly number[], data }];
  }),
);

test("without corrections every pixel is repeated, and transparency holds no colour", async () => {
  const bytes = Uint8Array.of(200, 100, 50, 255, 9, 9, 9, 0, 40, 60, 80, 128, 250, 250, 250, 20);
  const picture: Picture = { width: 2, height: 2, data: bytes };
  await using upscaler = openUpscaler(referenceEngine(), config, nothing);
  const { width, height, data } = await upscaler.enlarged(picture);
  expect({ width, height }).toEqual({ width: 6, height: 6 });
  const at = (x: number, y: number) => [...data.subarray(4 * (6 * y + x), 4 * (6 * y + x) + 4)];
  expect([at(0, 0), at(2, 2)]).toEqual([bytes.subarray(0, 4), bytes.subarray(0, 4)].map((pixel) => [...pixel]));
  expect([at(3, 0), at(5, 5)]).toEqual([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  expect(at(1, 4)[3]).toBe(128);
});

test("a configuration that makes no sense is refused", () => {
  for (const change of [{ factor: 1 }, { blocks: -1 }, { channels: 2 }, { width: 0 }, { colour: 1 }]) {
    expect(() => parseUpscalerConfig(fields({ ...row, ...change }, "upscaler"))).toThrow(Object.keys(change)[0]);
  }
});
