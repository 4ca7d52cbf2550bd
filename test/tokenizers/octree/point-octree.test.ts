/** Keys, octrees of points and their dual graphs, by brute force. */
import { describe, expect, test } from "vitest";
import { ArgumentError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { DIRECTIONS, dualGraph } from "../../../src/tokenizers/octree/dual-graph.js";
import { cellOf, keyOf } from "../../../src/tokenizers/octree/morton.js";
import { neighboursOf, pointOctree, shapeCell, splitSequence } from "../../../src/tokenizers/octree/point-octree.js";

const draw = (i: number) => uniform({ seed: 3, item: 0, position: i, purpose: "noise" });

test("keys go there and back, with bits where O-CNN has them", () => {
  expect([keyOf(1, 0, 0), keyOf(0, 1, 0), keyOf(0, 0, 1), keyOf(2, 0, 1)]).toEqual([4, 2, 1, 33]);
  for (let i = 0; i < 1000; i++) {
    const cell = [0, 1, 2].map((axis) => Math.floor(draw(3 * i + axis) * 2 ** (1 + (i % 17)))) as [
      number,
      number,
      number,
    ];
    expect(cellOf(keyOf(...cell))).toEqual(cell);
  }
});

const cloud = {
  points: Float32Array.from({ length: 3 * 80 }, (_, i) => 1.6 * draw(i) - 0.8),
  normals: Float32Array.from({ length: 3 * 80 }, (_, i) => draw(1000 + i) - 0.5),
  shapes: Array.from({ length: 80 }, (_, i) => (i < 45 ? 0 : 1)),
};
const octree = pointOctree(cloud, 4, 2);

describe("an octree of points", () => {
  test("lists all children of what holds a point", () => {
    expect(octree.keys[2]!.length).toBe(2 * 64);
    for (let d = 3; d <= 4; d++)
      expect(octree.keys[d]!.length).toBe(8 * octree.children[d - 1]!.filter((child) => child >= 0).length);
    const bits = splitSequence(octree);
    expect(bits.length).toBe(octree.keys[2]!.length + octree.keys[3]!.length);
    expect(bits.reduce((a, b) => a + b, 0) * 8).toBe(octree.keys[3]!.length + octree.keys[4]!.length);
  });

  test("finds neighbours", () => {
    const own = octree.keys[4]!;
    const neighbours = neighboursOf(octree, 4);
    for (let row = 0; row < own.length; row += 7) {
      const a = shapeCell(own[row]!);
      for (let n = 0; n < 27; n++) {
        const offset = [Math.floor(n / 9) - 1, (Math.floor(n / 3) % 3) - 1, (n % 3) - 1];
        const expected = own.findIndex((key) => {
          const b = shapeCell(key);
          return b.shape === a.shape && b.cell.every((c, axis) => c === a.cell[axis]! + offset[axis]!);
        });
        expect(neighbours[27 * row + n]).toBe(expected);
      }
    }
  });

  test("refuses what lies outside", () => {
    expect(() => pointOctree({ ...cloud, points: cloud.points.with(5, 1.5) }, 4, 2)).toThrow(ArgumentError);
    expect(() => pointOctree(cloud, 4, 5)).toThrow(ArgumentError);
  });
});

test("the dual graph joins exactly what shares a face", () => {
  const { keys, depths, edges } = dualGraph(octree, 4);
  const boxes = Array.from(keys, (key, i) => {
    const { shape, cell } = shapeCell(key);
    const size = 2 ** (4 - depths[i]!);
    return { shape, low: cell.map((c) => c * size), high: cell.map((c) => (c + 1) * size) };
  });
  const expected: number[] = [];
  for (const [u, a] of boxes.entries()) {
    for (const [direction, [axis, sign]] of DIRECTIONS.entries()) {
      for (const [v, b] of boxes.entries()) {
        const touch = sign > 0 ? a.high[axis] === b.low[axis] : a.low[axis] === b.high[axis];
        const overlap = [0, 1, 2].every((k) => k === axis || (a.low[k]! < b.high[k]! && b.low[k]! < a.high[k]!));
        if (a.shape === b.shape && touch && overlap) expected.push(u, direction, v);
      }
    }
  }
  expect(Array.from(edges)).toEqual(expected);
});
