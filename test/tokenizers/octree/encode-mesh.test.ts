/** Users' meshes through the tokenizer: place, topology and distance. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readObj } from "../../../src/3d/formats/obj.js";
import { ArgumentError } from "../../../src/base/errors.js";
import { ClosestFace } from "../../../src/tokenizers/octree/closest.js";
import { decodeMesh, encodeMesh } from "../../../src/tokenizers/octree/encode-mesh.js";
import { type Mesh, volumeOf } from "../../../src/tokenizers/octree/mesh.js";
import { topologyOf } from "../../../src/tokenizers/octree/topology.js";

const folder = (name: string) => join(import.meta.dirname, "../../fixtures/meshes", name);
const meshOf = (name: string) => readObj(name, readFileSync(join(folder(name), "mesh.obj")));

/** The mean distance of the vertices of one mesh to the other, both ways. */
function chamfer(a: Mesh, b: Mesh): number {
  const oneWay = (from: Mesh, to: Mesh) => {
    const closest = new ClosestFace(to);
    let sum = 0;
    for (let v = 0; v < from.positions.length; v += 3)
      sum += closest.to(from.positions[v]!, from.positions[v + 1]!, from.positions[v + 2]!)!.distance;
    return sum / (from.positions.length / 3);
  };
  return (oneWay(a, b) + oneWay(b, a)) / 2;
}

describe.each(["sphere", "torus", "box-with-hole", "chair", "two-components"])("%s", (name) => {
  const mesh = meshOf(name);
  const { expected } = JSON.parse(readFileSync(join(folder(name), "case.json"), "utf8"));
  test("comes back at depth 6: shell", () => {
    const { ids, frame, closed } = encodeMesh(mesh);
    expect(closed).toBe(true);
    const back = decodeMesh(ids, frame);
    const topology = topologyOf(back);
    expect(topology).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
    expect([...topology.euler].sort()).toEqual([...expected.mesh.euler_per_component].sort());
    expect(chamfer(mesh, back)).toBeLessThan(0.5 * (frame.side / 64));
    expect(volumeOf(back) / expected.mesh.volume).toBeCloseTo(1, 1);
  });
  test("and nearer with offsets", () => {
    const { ids, frame } = encodeMesh(mesh, { profile: "offsets" });
    const back = decodeMesh(ids, frame);
    expect(topologyOf(back)).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
    expect(chamfer(mesh, back)).toBeLessThan(0.06 * (frame.side / 64));
  });
});

test("an open mesh becomes solid where its surface passes", () => {
  const box = meshOf("box-with-hole");
  const { ids, frame, closed } = encodeMesh({ ...box, faces: box.faces.slice(6) });
  expect(closed).toBe(false);
  expect(topologyOf(decodeMesh(ids, frame))).toMatchObject({ closed: true, manifold: true });
});

/** The mesh with three vertices of its own for each face. */
function torn({ positions, faces }: Mesh): Mesh {
  const corners = [...faces].flatMap((v) => [...positions.subarray(3 * v, 3 * v + 3)]);
  return { positions: Float32Array.from(corners), faces: faces.map((_, corner) => corner) };
}

test("a closed mesh whose faces share no vertices is closed", () => {
  const ring = meshOf("torus");
  expect(topologyOf(torn(ring)).closed).toBe(false);
  expect(encodeMesh(torn(ring), { depth: 5 })).toEqual(encodeMesh(ring, { depth: 5 }));
});

test("a closed mesh with a face turned around is one whose surface alone counts", () => {
  const box = meshOf("box-with-hole");
  const [a, b, c] = box.faces;
  const { ids, frame, closed } = encodeMesh({ ...box, faces: Uint32Array.from([b!, a!, c!, ...box.faces.slice(3)]) });
  expect(closed).toBe(false);
  expect(topologyOf(decodeMesh(ids, frame))).toMatchObject({ closed: true, manifold: true, euler: [0] });
});

test("colours come back as the nearest of the palette", () => {
  const sphere = meshOf("sphere");
  const colours = sphere.positions.map((_, i) => [0.8, 0.15, 0.2][i % 3]!);
  const { ids, frame } = encodeMesh({ ...sphere, colours }, { depth: 4 });
  expect(Array.from(decodeMesh(ids, frame).colours!.slice(0, 3), (c) => Math.round(c * 255))).toEqual([
    0xc8, 0x28, 0x2c,
  ]);
});

test("what is no mesh is refused", () => {
  const one = { positions: Float32Array.from([0, 0, 0, 1, 0, 0, 0, 1, 0]), faces: Uint32Array.from([0, 1, 2]) };
  expect(() => encodeMesh({ ...one, faces: new Uint32Array() })).toThrow(ArgumentError);
  expect(() => encodeMesh({ ...one, faces: Uint32Array.from([0, 1, 3]) })).toThrow(ArgumentError);
  expect(() => encodeMesh({ ...one, positions: one.positions.with(4, Number.NaN) })).toThrow(ArgumentError);
  expect(() => encodeMesh({ ...one, positions: new Float32Array(9) })).toThrow(/larger than a point/);
  expect(() => encodeMesh(one, { depth: 9 })).toThrow(ArgumentError);
  expect(topologyOf(decodeMesh(encodeMesh(one, { depth: 3 }).ids)).closed).toBe(true);
});

test.each([
  ["three faces at an edge", [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 1], [0, 1, 2, 0, 1, 3, 0, 1, 4]],
  ["two tips at a vertex", [0, 0, 0, 1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0], [0, 1, 2, 0, 3, 4]],
  ["a face of no area", [0, 0, 0, 1, 0, 0, 2, 0, 0], [0, 1, 2]],
  ["faces that disagree about outside", [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0], [0, 1, 2, 1, 2, 3]],
])("%s: becomes a solid a voxel thick", (_, positions, faces) => {
  const { ids, frame } = encodeMesh(
    { positions: Float32Array.from(positions), faces: Uint32Array.from(faces) },
    { depth: 4 },
  );
  const solid = decodeMesh(ids, frame);
  expect(topologyOf(solid)).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
  expect(volumeOf(solid)).toBeGreaterThan(0);
});
