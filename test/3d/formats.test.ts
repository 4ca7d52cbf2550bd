/** Mesh files: what is written comes back, GLB is valid to the Khronos validator, and what is damaged is refused. */
import { fileURLToPath } from "node:url";
import validator from "gltf-validator";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { MESH_FORMATS, type MeshFormat } from "../../src/3d/formats/format.js";
import { writeGlb } from "../../src/3d/formats/glb.js";
import { writeObj } from "../../src/3d/formats/obj.js";
import { writePly } from "../../src/3d/formats/ply.js";
import { writeStl } from "../../src/3d/formats/stl.js";
import { parseMesh, readMesh } from "../../src/3d/read-mesh.js";
import { simplify } from "../../src/3d/simplify.js";
import { type Mesh, volumeOf } from "../../src/tokenizers/octree/mesh.js";
import { decodeMesh, encodeMesh } from "../../src/tokenizers/octree/encode-mesh.js";
import { topologyOf } from "../../src/tokenizers/octree/topology.js";
import { randomStream } from "../tokenizers/octree/random-stream.js";

const shape = decodeMesh(randomStream(11, 4, 0.3));
const mesh: Mesh = { ...shape, colours: shape.positions.map((p) => p + 0.5) };
const notes = { name: "shape", generator: "tessera", extras: { aiGenerated: true } };
const WRITERS: Readonly<Record<MeshFormat, (mesh: Mesh) => Uint8Array | Promise<Uint8Array>>> = {
  glb: (mesh) => writeGlb(mesh, notes),
  obj: (mesh) => writeObj(mesh, ["a shape"]),
  stl: (mesh) => writeStl(mesh, ["a shape"]),
  ply: (mesh) => writePly(mesh, ["a shape"]),
};

test.each(MESH_FORMATS)("%s comes back", async (format) => {
  const back = await parseMesh(await WRITERS[format](mesh), format);
  expect(topologyOf(back)).toEqual(topologyOf(mesh));
  expect(volumeOf(back) / volumeOf(mesh)).toBeCloseTo(1, 4);
  if (format === "stl") return expect(back.colours).toBeUndefined();
  const worst = Math.max(...Array.from(mesh.colours!, (c, i) => Math.abs(c - back.colours![i]!)));
  expect(worst).toBeLessThan(0.003);
});

test("GLB passes the Khronos validator with no error and no warning", async () => {
  for (const part of [mesh, { ...mesh, colours: undefined }, (await simplify(mesh, 200)).mesh]) {
    const report = await validator.validateBytes(await writeGlb(part, notes));
    expect(report.issues.messages).toEqual([]);
  }
});

test("a closed mesh stays closed with fewer faces", async () => {
  const ring = await readMesh(fileURLToPath(new URL("../fixtures/meshes/torus/mesh.obj", import.meta.url)));
  const { ids, frame } = encodeMesh(ring, { depth: 5 });
  const mesh = decodeMesh(ids, frame);
  for (const faces of [2000, 500, 8]) {
    const lean = (await simplify(mesh, faces)).mesh;
    expect(topologyOf(lean).euler).toEqual([0]);
    expect(topologyOf(lean)).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
    expect(lean.faces.length).toBeLessThan(mesh.faces.length);
  }
});

describe("damaged files are refused", () => {
  const text = (content: string) => new TextEncoder().encode(content);
  const ply = (head: string, body = "") => text(`ply\nformat ascii 1.0\n${head}\nend_header\n${body}`);
  const xyz = "property float x\nproperty float y\nproperty float z";
  const stl = (count: number) => {
    const bytes = new Uint8Array(84);
    new DataView(bytes.buffer).setUint32(80, count, true);
    return bytes;
  };
  test.each([
    ["obj", "no face", text("v 0 0 0\n")],
    ["obj", "a vertex that is not there", text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n")],
    ["obj", "NaN", text("v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")],
    ["obj", "infinite", text("v 0 0 1e999\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")],
    ["obj", "no area", text("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n")],
    ["stl", "four billion triangles", stl(0xffffffff)],
    ["stl", "none", stl(0)],
    ["stl", "cut", text("solid x\nfacet\nouter loop\nvertex 0 0 0\n")],
    ["ply", "no header", text("hello")],
    ["ply", "a billion vertices", ply(`element vertex 1000000000000\n${xyz}`)],
    ["ply", "fewer rows than stated", ply(`element vertex 3\n${xyz}`, "0 0 0 1 0 0")],
    ["ply", "no z", ply("element vertex 3\nproperty float x")],
    [
      "ply",
      "a face of a billion corners",
      ply(`element vertex 1\n${xyz}\nelement face 1\nproperty list int int vertex_indices`, "0 0 0 1000000000"),
    ],
    ["ply", "a property of no type", ply("element vertex 3\nproperty soft x")],
    ["glb", "empty", new Uint8Array()],
    ["glb", "text", text("glTF but not so")],
    [
      "glb",
      "a length that is not there",
      Uint8Array.from([
        0x67, 0x6c, 0x54, 0x46, 2, 0, 0, 0, 255, 255, 255, 127, 255, 255, 255, 127, 0x4a, 0x53, 0x4f, 0x4e,
      ]),
    ],
  ] as const)("%s: %s", async (format, _, bytes) => {
    await expect(parseMesh(bytes, format)).rejects.toThrow(InputError);
  });

  test("any cut of a good file is refused or is a mesh", async () => {
    for (const format of MESH_FORMATS) {
      const bytes = await WRITERS[format](mesh);
      for (let share = 0; share < 1; share += 0.09) {
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        const outcome = await parseMesh(cut, format).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(InputError);
      }
    }
  });
});
