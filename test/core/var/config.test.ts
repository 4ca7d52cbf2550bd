import { describe, expect, test } from "vitest";
import { ArgumentError, UnknownNameError } from "../../../src/base/errors.js";
import { scaleConditionGraph } from "../../../src/core/var/condition.js";
import { deriveScales, parseScaleConfig, SCALE_TRANSFORMERS, scaleConfig } from "../../../src/core/var/config.js";
import { scaleDecoderGraph } from "../../../src/core/var/graph.js";
import { sizeOf } from "../../../src/engine/tensor.js";
import { TINY_SCALES } from "../tiny-scales.js";

// Millions of parameters as the paper's table states them; tensors of the files less those that the sides imply.
test.each([
  ["var-d12", 133.2, 12 * 12 + 10],
  ["var-d16", 310.3, 12 * 16 + 10],
  ["var-d20", 600.9, 12 * 20 + 10],
  ["var-d24", 1033.4, 12 * 24 + 10],
  ["var-d30", 2010.0, 12 * 30 + 10],
  ["var-d36", 2353.9, 11 * 36 + 12],
])("%s has the published number of parameters", (name, millions, tensors) => {
  const config = scaleConfig(name);
  const sizes = new Map<string, number>();
  for (const { source, shape } of [scaleConditionGraph(config), scaleDecoderGraph(config)].flatMap((g) => g.weights))
    if (source.kind === "weight") sizes.set(source.name, sizeOf(shape as number[]));
  const total = [...sizes.values()].reduce((a, b) => a + b, 0);
  expect(Math.round(total / 1e5) / 10).toBe(millions);
  expect(sizes.size).toBe(tensors);
});

test("positions follow from the sides; a caption stands before them", () => {
  expect(deriveScales(SCALE_TRANSFORMERS["var-d16"])).toMatchObject({
    positions: 680,
    lead: 0,
    slots: 680,
    headSize: 64,
  });
  expect(deriveScales(SCALE_TRANSFORMERS["var-d36"]).positions).toBe(2240);
  expect(deriveScales(TINY_SCALES.caption.config)).toMatchObject({ starts: [0, 1, 5, 14], lead: 4, slots: 18 });
});

describe("parseScaleConfig", () => {
  const good = { ...TINY_SCALES.own.config };
  test("gives back what it was given", () => {
    expect(parseScaleConfig(JSON.parse(JSON.stringify(good)))).toEqual(good);
  });
  test.each<[string, object]>([
    ["a side missing", { sides: [1] }],
    ["a first scale of more than one cell", { sides: [2, 3] }],
    ["scales that exceed the last", { sides: [1, 4, 3] }],
    ["another modulation", { modulation: "none" }],
    ["features", { condition: { kind: "features", slots: 3, size: 5 } }],
    ["heads that do not divide the width", { heads: 5 }],
    ["an unknown field", { rope: 1 }],
    ["NaN", { normEpsilon: Number.NaN }],
  ])("refuses %s", (_, change) => {
    expect(() => parseScaleConfig({ ...good, ...change })).toThrow(ArgumentError);
  });
  test("unknown names list the known ones", () => {
    expect(() => scaleConfig("var-d48")).toThrow(UnknownNameError);
  });
});
