import { expect, it } from "vitest";
import { f32, i32 } from "../../src/engine/tensor.js";
import { compare, matches } from "./compare.js";

const tolerance = { abs: 0.01, rel: 0.1, rel_overrides: { "sharp.*": 0, "sharp.but.not": 0.5 }, exact: ["kept.*"] };

it("allows abs + rel x the largest golden value, and not more", () => {
  const golden = f32([1, 3], [2, -5, 0]);
  expect(compare("x", f32([1, 3], [2, -5, 0.5]), golden, tolerance)).toMatchObject({
    maxAbs: 0.5,
    maxRel: 0.1,
    pass: true,
  });
  expect(compare("x", f32([1, 3], [2, -5, 0.53]), golden, tolerance).pass).toBe(false);
});

it("takes the override of a name, a full name before a pattern", () => {
  const off = f32([1], [1.3]);
  expect(compare("sharp.edge", off, f32([1], [1]), tolerance).pass).toBe(false);
  expect(compare("sharp.but.not", off, f32([1], [1]), tolerance).pass).toBe(true);
});

it("wants integers and what is listed as exact to be identical", () => {
  expect(compare("ids", i32([2], [4, 7]), i32([2], [4, 7]), tolerance).pass).toBe(true);
  expect(compare("ids", i32([2], [4, 8]), i32([2], [4, 7]), { ...tolerance, abs: 9 }).pass).toBe(false);
  expect(compare("kept.3", f32([1], [1.001]), f32([1], [1]), tolerance).pass).toBe(false);
});

it("never passes another shape, a NaN or an infinity on one side", () => {
  expect(compare("x", f32([2, 1], [1, 2]), f32([1, 2], [1, 2]), tolerance).pass).toBe(false);
  expect(compare("x", f32([2], [Number.NaN, 2]), f32([2], [1, 2]), tolerance).pass).toBe(false);
  expect(compare("x", f32([2], [1, 2]), f32([2], [Number.NaN, 2]), tolerance).pass).toBe(false);
  expect(compare("x", f32([1], [1]), f32([1], [Number.NEGATIVE_INFINITY]), tolerance).pass).toBe(false);
  const hidden = f32([2], [Number.NEGATIVE_INFINITY, 2]);
  expect(compare("x", hidden, hidden, tolerance)).toMatchObject({ maxAbs: 0, maxRel: 0, pass: true });
});

it("reads patterns literally but for the star", () => {
  expect(matches("enc.block*", "enc.block0_res0")).toBe(true);
  expect(matches("enc.block*", "encXblock0")).toBe(false);
  expect(matches("k*.bias", "k.9.bias")).toBe(true);
});
