import { expect, test } from "vitest";
import type { Mesh } from "../../src/index.js";
import { compareMeshes } from "../../src/testing/mesh/compare-meshes.js";
import { boxMesh } from "../support/box-mesh.js";

const box = boxMesh();

const valuesOf = (a: Mesh, b: Mesh) =>
  Object.fromEntries(compareMeshes(a, b).measures.map(({ name, value }) => [name, value]));

const SAME = { chamfer: 0, deviation: 0, watertight: 0, topology: 0, faces: 0, colour: 0 };

test("a mesh equals itself, however its vertices and faces are numbered", () => {
  const { chamfer, deviation, ...rest } = valuesOf(box, renumbered(box));
  expect(rest).toEqual({ watertight: 0, topology: 0, faces: 0, colour: 0 });
  expect(Math.max(chamfer!, deviation!)).toBeLessThan(1e-5);
  expect(valuesOf(box, box)).toEqual({ ...SAME, chamfer: expect.closeTo(0, 5), deviation: expect.closeTo(0, 5) });
});

test("a flipped triangle is one face, and not watertight", () => {
  const faces = box.faces.slice();
  [faces[0], faces[1]] = [faces[1]!, faces[0]!];
  const { measures, notes } = compareMeshes(box, { ...box, faces });
  const values = Object.fromEntries(measures.map(({ name, value }) => [name, value]));
  expect(values).toMatchObject({ watertight: 1, topology: 1, faces: 1 });
  expect(notes).toContain("oriented: false instead of true");
});

test("the other diagonal of a square is two faces, and the same surface", () => {
  const faces = box.faces.slice();
  const [a, b, c] = faces; // the square a b c d is the faces a b c and a c d
  const d = faces[5]!;
  faces.set([a!, b!, d, b!, c!, d]);
  expect(valuesOf(box, { ...box, faces })).toMatchObject({ faces: 2, watertight: 0, topology: 0 });
});

test("a vertex that is moved by a hundredth is that far away", () => {
  const positions = box.positions.slice();
  positions[0]! -= 0.01;
  const { deviation } = valuesOf(box, { ...box, positions });
  expect(deviation).toBeCloseTo(100 * (0.01 / Math.sqrt(3)), 1); // of the diagonal of a unit box
});

test("a missing face and another colour are told", () => {
  const open = { ...box, faces: box.faces.slice(3) };
  expect(valuesOf(box, open)).toMatchObject({ watertight: 1, faces: 0 });
  const grey = (channel: number) => ({ ...box, colours: new Float32Array(box.positions.length).fill(channel) });
  expect(valuesOf(grey(0.5), grey(0.6)).colour).toBeCloseTo(25.5, 3);
});

function renumbered({ positions, faces }: Mesh): Mesh {
  const count = positions.length / 3;
  const moved = new Float32Array(positions.length);
  for (let v = 0; v < count; v++) moved.set(positions.subarray(3 * v, 3 * v + 3), 3 * (count - 1 - v));
  const turned = [...faces].map((v) => count - 1 - v);
  return { positions: moved, faces: Uint32Array.from([...turned.slice(3), ...turned.slice(0, 3)]) };
}
