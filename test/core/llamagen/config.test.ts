import { describe, expect, test } from "vitest";
import { ArgumentError, UnknownNameError } from "../../../src/base/errors.js";
import { conditionGraph } from "../../../src/core/llamagen/condition.js";
import {
  derive,
  parseTransformerConfig,
  swigluHidden,
  TRANSFORMERS,
  transformerConfig,
} from "../../../src/core/llamagen/config.js";
import { decoderGraph } from "../../../src/core/llamagen/graph.js";
import { sizeOf } from "../../../src/engine/tensor.js";

const ours = {
  layers: 2,
  heads: 3,
  width: 36,
  hidden: 96,
  vocabulary: 17,
  grid: 3,
  condition: { kind: "caption", slots: 5, styles: 4, vocabulary: 23, pad: 2 },
  prediction: { kind: "next-token" },
  positionEncoding: "rotary",
  conditionRotation: "identity",
  ropeBase: 10_000,
  normEpsilon: 1e-5,
};

test("SwiGLU widths of the released models", () => {
  expect([768, 1024, 1280, 1536, 2048, 3200, 4096].map((width) => swigluHidden(width, 256))).toEqual([
    2048, 2816, 3584, 4096, 5632, 8704, 11008,
  ]);
  expect(swigluHidden(4096, 256, 1.3)).toBe(14336);
});

// Parameters of the released models in millions, from the sizes of their files.
test.each([
  ["llamagen-c2i-b-256", 110.9],
  ["llamagen-c2i-l-384", 342.9],
  ["llamagen-c2i-xl-384", 774.7],
  ["llamagen-c2i-xxl-384", 1411.0],
  ["llamagen-c2i-3b-384", 3096.7],
  ["llamagen-t2i-xl-512", 777.9],
  ["nar-c2i-b-256", 130.6],
  ["nar-c2i-m-256", 295.5],
  ["nar-c2i-l-256", 372.5],
  ["nar-c2i-xl-256", 816.0],
  ["nar-c2i-xxl-256", 1464.5],
  ["nar-t2i-xl-512", 819.2],
  ["nar-ucf101-l-128", 368.7],
  ["nar-ucf101-lp-128", 693.6],
  ["nar-ucf101-xl-128", 815.5],
  ["par-c2i-xl-4x-384", 774.7], // LlamaGen's, and three vectors
  ["par-c2i-3b-16x-384", 3096.7],
] as const)("%s has %d million parameters", (name, millions) => {
  const graphs = [conditionGraph(TRANSFORMERS[name]), decoderGraph(TRANSFORMERS[name])];
  const weights = graphs.flatMap((graph) => graph.weights).map(({ shape }) => sizeOf(shape as number[]));
  expect(weights.reduce((a, b) => a + b, 0) / 1e6).toBeCloseTo(millions, 0);
});

test("head sizes and slots follow from a row", () => {
  expect(derive(transformerConfig("llamagen-c2i-3b-384"))).toEqual({
    headSize: 100,
    conditionSlots: 1,
    extents: [24, 24],
    positions: 576,
    specialSlots: 0,
    slots: 577,
  });
  expect(derive(transformerConfig("llamagen-t2i-xl-512")).slots).toBe(1144);
  expect(derive(transformerConfig("nar-ucf101-l-128"))).toMatchObject({ extents: [4, 16, 16], slots: 1025 });
  expect(derive(transformerConfig("par-c2i-3b-16x-384"))).toMatchObject({ specialSlots: 15, slots: 1 + 15 + 576 });
  expect(() => transformerConfig("llamagen-huge")).toThrow(UnknownNameError);
  expect(() => transformerConfig("toString")).toThrow(UnknownNameError);
});

describe("rows from JSON", () => {
  test("come back as they are", () => {
    expect(parseTransformerConfig(JSON.parse(JSON.stringify(ours)))).toEqual(ours);
    const { prediction: _, positionEncoding: __, ...older } = ours; // as a model of the first version says it
    expect(parseTransformerConfig(older)).toEqual(ours);
    for (const row of Object.values(TRANSFORMERS)) expect(parseTransformerConfig({ ...row })).toEqual(row);
  });

  test.each([
    ["config", [], "config"],
    ["a missing field", { ...ours, layers: undefined }, "config.layers"],
    ["a text", { ...ours, heads: "3" }, "config.heads"],
    ["an unknown field", { ...ours, dropout: 0.1 }, "dropout"],
    ["a head size of 13", { ...ours, width: 39 }, "config.width"],
    ["a pad outside the vocabulary", { ...ours, condition: { ...ours.condition, pad: 23 } }, "config.condition.pad"],
    ["another kind", { ...ours, condition: { kind: "smell" } }, "config.condition.kind"],
    ["a foreign field", { ...ours, condition: { kind: "class", classes: 5, pad: 1 } }, "config.condition"],
    ["another prediction", { ...ours, prediction: { kind: "next-word" } }, "config.prediction.kind"],
    ["a prediction with foreign fields", { ...ours, prediction: { kind: "next-neighbor", frames: 2 } }, "frames"],
    ["regions that do not fit", { ...ours, prediction: { kind: "regions", regions: 4 } }, "config.prediction.regions"],
    [
      "regions that are no square",
      { ...ours, prediction: { kind: "regions", regions: 3 } },
      "config.prediction.regions",
    ],
    ["one region", { ...ours, prediction: { kind: "regions", regions: 1 } }, "config.prediction.regions"],
    ["video by rotation", { ...ours, prediction: { kind: "next-neighbor-video", frames: 2, rows: 3 } }, "learned"],
    ["rotation that is not used", { ...ours, positionEncoding: "learned" }, "config"],
    ["another rotation", { ...ours, conditionRotation: "none" }, "config.conditionRotation"],
  ])("refuse %s", (_, json, place) => {
    const parse = () => parseTransformerConfig(json);
    expect(parse).toThrow(ArgumentError);
    expect(parse).toThrow(place);
  });
});
