/** The caption encoder, and both layouts over its vectors, against the networks that train them; see fixtures/caption-encoder/make.py. */
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ArgumentError } from "../../src/base/errors.js";
import { fields } from "../../src/base/fields.js";
import { type CaptionEncoder, openCaptionEncoder, parseCaptionEncoderConfig } from "../../src/core/caption-encoder.js";
import type { Condition } from "../../src/core/condition.js";
import { LLAMAGEN } from "../../src/core/llamagen/architecture.js";
import { parseTransformerConfig, swigluHidden } from "../../src/core/llamagen/config.js";
import { openModel } from "../../src/core/model.js";
import { openSession } from "../../src/core/session.js";
import { VAR } from "../../src/core/var/architecture.js";
import { parseScaleConfig } from "../../src/core/var/config.js";
import { referenceEngine } from "../../src/engine/reference.js";
import type { FloatTensor } from "../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { openWeights, readTensors } from "../golden/case.js";
import { compare } from "../golden/compare.js";

const folder = path.join(import.meta.dirname, "../fixtures/caption-encoder");
const tolerance = { abs: 1e-5, rel: 1e-5 };
const config = parseCaptionEncoderConfig(
  fields({ layers: 2, heads: 2, width: 10, hidden: 14, vocabulary: 13, tokens: 4, normEpsilon: 1e-5 }, "encoder"),
  "encoder",
);
const condition = { kind: "caption", slots: 5, styles: 4, vocabulary: 13, pad: 0, vectors: 10 };
const CAPTIONS = [[7, 2, 12], []];

const io = await readTensors(folder);
const expected = (name: string) => io.get(name)!;

/** The weights of one of the three networks; the encoder's keep their prefix. */
async function weightsOf(part: "caption" | "raster" | "scales") {
  await using all = await openWeights(folder);
  const tensors = new Map<string, FloatTensor>();
  for (const [name, { shape }] of all.entries) {
    if (!name.startsWith(`${part}.`)) continue;
    const own = part === "caption" ? name : name.slice(part.length + 1);
    tensors.set(own, { shape, data: await all.floats(name) });
  }
  return memoryCheckpoint(part, tensors);
}

let encoder: CaptionEncoder;
beforeAll(async () => {
  encoder = await openCaptionEncoder(referenceEngine(), config, await weightsOf("caption"));
});
afterAll(() => encoder.close());

const started = async (): Promise<Condition> => ({
  kind: "caption",
  styles: [1, null],
  captions: CAPTIONS,
  vectors: await Promise.all(CAPTIONS.map((ids) => encoder.vectors(ids))),
});

test("vectors of the training code, though it pads and this does not", async () => {
  const vectors = { shape: [3, 10], data: await encoder.vectors([7, 2, 12]) };
  expect(compare("vectors", vectors, expected("vectors"), tolerance)).toMatchObject({ pass: true });
  expect(await encoder.vectors([])).toHaveLength(0);
});

test("logits of a raster transformer over the vectors, and of one that is told nothing", async () => {
  const raster = parseTransformerConfig({
    ...{ layers: 2, heads: 3, width: 36, hidden: swigluHidden(36, 8), vocabulary: 17, grid: 3, condition },
    ...{ conditionRotation: "identity", ropeBase: 10_000, normEpsilon: 1e-5 },
  });
  await using model = await openModel(referenceEngine(), LLAMAGEN, raster, await weightsOf("raster"));
  await using session = await openSession(model, await started(), { guided: false });
  const ids = expected("ids").data as Int32Array;
  const positions = [...Array(8).keys()];
  const values = [ids.subarray(0, 8), ids.subarray(8)];
  const step = { keep: 0, feed: positions, values, sight: "causal", fill: [...positions, 8] } as const;
  const { conditional } = await session.forward(step);
  expect(compare("logits", conditional, expected("logits"), tolerance)).toMatchObject({ pass: true });
});

test("logits of the first scale over the vectors", async () => {
  const scales = parseScaleConfig({
    ...{ layers: 2, heads: 3, width: 12, hidden: 17, vocabulary: 31, codeDim: 5, sides: [1, 2, 3], condition },
    ...{ modulation: "own", normEpsilon: 1e-6 },
  });
  await using model = await openModel(referenceEngine(), VAR, scales, await weightsOf("scales"));
  const start = { condition: await started(), paint: () => Promise.reject(new Error("nothing is painted yet")) };
  await using session = await openSession(model, start, { guided: false });
  const { conditional } = await session.forward({ keep: 0, feed: [], values: [[], []], sight: "block", fill: [0] });
  expect(compare("first", conditional, expected("first"), tolerance)).toMatchObject({ pass: true });
});

test("what does not fit is refused", async () => {
  await expect(encoder.vectors([1, 2, 3, 4, 5])).rejects.toThrow(ArgumentError);
  await expect(encoder.vectors([13])).rejects.toThrow(ArgumentError);
  const odd = { layers: 2, heads: 3, width: 10, hidden: 14, vocabulary: 13, tokens: 4, normEpsilon: 1e-5 };
  expect(() => parseCaptionEncoderConfig(fields(odd, "encoder"), "encoder")).toThrow("multiple of heads");
});
