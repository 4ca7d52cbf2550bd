import { describe, expect, test } from "vitest";
import { centres, sampled } from "../../src/base/plane.js";

const plane = { width: 3, height: 2, data: Float32Array.of(0, 1, 2, 10, 11, 12) };

describe("sampled", () => {
  test("gives what is there at the centres", () => {
    expect([...sampled(plane, [0, 1], [0, 1, 2], "zeros")]).toEqual([...plane.data]);
  });
  test("gives what lies between them", () => {
    expect([...sampled(plane, [0.5], [0.25, 1.5], "edge")]).toEqual([5.25, 6.5]);
  });
  test("goes on as the edge beyond it, or fades to zeros", () => {
    expect([...sampled(plane, [-0.5, 3], [2.5], "edge")]).toEqual([2, 12]);
    expect([...sampled(plane, [-0.5, 3], [2.5], "zeros")]).toEqual([0.5, 0]);
    expect([...sampled(plane, [0], [-7], "edge")]).toEqual([0]);
  });
});

test("centres of equal parts of a stretch", () => {
  expect(centres(0, 1, 3, 3)).toEqual([0, 1, 2]);
  expect(centres(0.5, 1, 2, 8)).toEqual([4.5, 6.5]);
  expect(centres(-0.25, 1.25, 2, 4)).toEqual([0, 3]);
});
