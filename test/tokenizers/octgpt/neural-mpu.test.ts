/** Fields of octrees: a whole grid at once says what each of its points says alone. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { f32 } from "../../../src/engine/tensor.js";
import { NeuralMpu } from "../../../src/tokenizers/octgpt/neural-mpu.js";
import { dualGraph } from "../../../src/tokenizers/octree/dual-graph.js";
import { cutAt, fullOctree, grown } from "../../../src/tokenizers/octree/grow.js";
import { ArgumentError } from "../../../src/base/errors.js";

const draw = (position: number) => uniform({ seed: 8, item: 0, position, purpose: "noise" });

function someOctree() {
  let octree = fullOctree(2);
  for (let d = 2; d < 5; d++)
    octree = grown(
      octree,
      Array.from(octree.keys[d]!, (_, i) => Number(draw(1000 * d + i) < 0.3)),
    );
  return octree;
}

test("the grid is the points", () => {
  const octree = someOctree();
  const N = dualGraph(octree, octree.depth).keys.length;
  const field = new NeuralMpu(
    octree,
    f32(
      [N, 4],
      Array.from({ length: 4 * N }, (_, i) => draw(9999 + i) - 0.5),
    ),
  );
  const grid = { points: 13, least: -0.9, step: 1.8 / 13 };
  const values = field.grid(grid);
  const place = (i: number) => grid.least + i * grid.step;
  const apart = values.map((value, at) =>
    Math.abs(value - field.at(place(Math.floor(at / 169)), place(Math.floor(at / 13) % 13), place(at % 13))),
  );
  expect(Math.max(...apart)).toBeLessThan(1e-5);
});

test("planes that agree are that plane", () => {
  const octree = someOctree();
  const { keys, depths } = dualGraph(octree, octree.depth);
  const plane = ([x, y, z]: readonly number[]) => 0.3 * x! - 0.7 * y! + 0.2 * z! + 0.1;
  const signals = Array.from(keys, (key, row) => {
    const cells = 2 ** depths[row]!;
    const cell = [0, 1, 2].map((axis) => {
      let c = 0;
      for (let bit = 0; bit < depths[row]!; bit++) c |= (Math.floor(key / 2 ** (3 * bit + 2 - axis)) & 1) << bit;
      return ((c + 0.5) / cells) * 2 - 1;
    });
    return [0.3, -0.7, 0.2, plane(cell)];
  });
  const field = new NeuralMpu(octree, f32([keys.length, 4], signals.flat()));
  for (const point of [
    [0, 0, 0],
    [0.31, -0.5, 0.77],
    [-0.8, 0.1, 0.2],
  ] as const)
    expect(field.at(point[0], point[1], point[2])).toBeCloseTo(plane(point), 5);
});

test("octrees grow by bits, are cut again, and are never empty", () => {
  const octree = grown(fullOctree(1), [0, 1, 0, 0, 0, 0, 0, 1]);
  expect(Array.from(octree.children[1]!)).toEqual([-1, 0, -1, -1, -1, -1, -1, 1]);
  expect(Array.from(octree.keys[2]!)).toEqual(
    [...Array(8).keys()].map((k) => 8 + k).concat([...Array(8).keys()].map((k) => 56 + k)),
  );
  expect(cutAt(octree, 1)).toEqual({ ...fullOctree(1), children: [Int32Array.of(0), new Int32Array(8).fill(-1)] });
  expect(grown(fullOctree(1), new Uint8Array(8)).keys[2]!.length).toBe(8);
  expect(() => grown(fullOctree(1), [1])).toThrow(ArgumentError);
});
