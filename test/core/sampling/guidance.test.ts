import { expect, test } from "vitest";
import { nextNeighbor } from "../../../src/core/decode/next-neighbor.js";
import {
  guidance,
  guide,
  llamagenGuidance,
  narGuidance,
  scaleAt,
  UNGUIDED,
  varGuidance,
} from "../../../src/core/sampling/guidance.js";

test("u + (c - u)·scale; scale 1 is the conditional row to the last bit", () => {
  const c = Float32Array.of(1, 0.1, -3);
  const u = Float32Array.of(0, 1e8, 5);
  expect([...guide(c, Float32Array.of(0, 0.1, 5), 2.5)]).toEqual([2.5, Math.fround(0.1), -15]);
  expect(guide(c, u, 1)).toEqual(c);
});

test("LlamaGen's interval counts the steps after the prefill", () => {
  const at = (cfg: number, interval?: number) =>
    Array.from({ length: 14 }, (_, position) => scaleAt(llamagenGuidance(cfg, interval), position));
  expect(at(4)).toEqual(Array(14).fill(4));
  expect(at(4, 9)).toEqual([...Array(11).fill(4), 1, 1, 1]); // steps 0 … 9 yield tokens 1 … 10, the prefill token 0
  expect(at(4, 0)).toEqual([4, 4, ...Array(12).fill(1)]);
  expect(llamagenGuidance(1)).toBe(UNGUIDED);
  expect(llamagenGuidance(0)).toBe(UNGUIDED);
});

test("NAR's interval counts the tokens that are there", () => {
  const { drawnBefore } = nextNeighbor(1, [3, 3]); // passes begin with 0, 1, 3, 6 and 8 tokens
  const at = (interval: number) =>
    Array.from({ length: 9 }, (_, p) => scaleAt(narGuidance(4, interval), p, drawnBefore(p)));
  expect(at(-1)).toEqual(Array(9).fill(4));
  expect(at(0)).toEqual([4, ...Array(8).fill(1)]);
  expect(at(2)).toEqual([4, 4, 1, 4, 1, 1, 1, 1, 1]);
  expect(at(3)).toEqual([4, 4, 4, 4, 4, 1, 4, 1, 1]);
  expect(narGuidance(1, 3)).toBe(UNGUIDED);
});

test.each([0.9, Number.NaN, Number.POSITIVE_INFINITY])("refuses a scale of %d", (scale) => {
  expect(() => guidance(scale)).toThrow("guidance.scale");
});

test("VAR's grows a step a scale, off at the first and 1 + cfg at the last", () => {
  const at = (cfg: number) => Array.from({ length: 15 }, (_, position) => scaleAt(varGuidance(cfg, [1, 5]), position));
  expect(at(3)).toEqual([1, ...Array(4).fill(2.5), ...Array(10).fill(4)]);
  expect(varGuidance(0, [1, 5])).toBe(UNGUIDED);
  expect(() => varGuidance(1, [])).toThrow("starts");
  expect(() => varGuidance(-0.5, [1])).toThrow("guidance.scale");
});
