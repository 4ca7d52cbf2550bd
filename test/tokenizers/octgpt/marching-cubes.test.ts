/** Surfaces of fields: closed whatever the field is, outward, and in place. */
import { expect, test } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { closedParts } from "../../../src/tokenizers/octgpt/closed-parts.js";
import { marchingCubes } from "../../../src/tokenizers/octgpt/marching-cubes.js";
import { areaOf, volumeOf } from "../../../src/tokenizers/octree/mesh.js";
import { topologyOf } from "../../../src/tokenizers/octree/topology.js";

const fieldOf = (R: number, of: (x: number, y: number, z: number) => number) =>
  Float32Array.from({ length: R ** 3 }, (_, i) => of(Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R));

test("a sphere and a torus have their volume, area and genus", () => {
  const ball = marchingCubes(
    fieldOf(29, (x, y, z) => Math.hypot(x - 14.2, y - 13.7, z - 14.4) - 10),
    29,
    0,
  );
  expect(topologyOf(ball)).toMatchObject({ closed: true, manifold: true, oriented: true, euler: [2] });
  expect(volumeOf(ball) / ((4 / 3) * Math.PI * 10 ** 3)).toBeCloseTo(1, 1);
  expect(areaOf(ball) / (4 * Math.PI * 10 ** 2)).toBeCloseTo(1, 1);
  const ring = fieldOf(29, (x, y, z) => Math.hypot(Math.hypot(x - 14, y - 14) - 8.3, z - 14) - 3.6);
  expect(topologyOf(marchingCubes(ring, 29, 0))).toMatchObject({ closed: true, manifold: true, euler: [0] });
});

test("a field of noise gives a surface that is closed, manifold and outward, through all 256 cases", () => {
  const R = 14;
  const edge = (i: number) => i === 0 || i === R - 1;
  const field = fieldOf(R, (x, y, z) => {
    const position = (x * R + y) * R + z;
    return edge(x) || edge(y) || edge(z) ? 1 : uniform({ seed: 5, item: 0, position, purpose: "noise" }) - 0.5;
  });
  const mesh = marchingCubes(field, R, 0);
  expect(topologyOf(mesh)).toMatchObject({ closed: true, manifold: true, oriented: true });
  expect(volumeOf(mesh)).toBeGreaterThan(0);
  expect(closedParts(mesh)).toEqual(mesh);
});

test("what leaves the grid is open and goes; the rest stays as it is", () => {
  const balls = fieldOf(31, (x, y, z) =>
    Math.min(Math.hypot(x - 8, y - 8, z - 8) - 5, Math.hypot(x - 30, y - 22, z - 22) - 6),
  );
  const mesh = marchingCubes(balls, 31, 0);
  expect(topologyOf(mesh).closed).toBe(false);
  const kept = closedParts(mesh);
  expect(topologyOf(kept)).toMatchObject({ closed: true, manifold: true, euler: [2] });
  expect(kept.positions.length).toBe(kept.normals!.length);
  expect(volumeOf(kept) / ((4 / 3) * Math.PI * 5 ** 3)).toBeCloseTo(1, 1);
  expect(closedParts({ positions: mesh.positions, faces: new Uint32Array() }).faces.length).toBe(0);
});
