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
/** No changes: all numbers are zero, and none is stored. */
const SPARSE = { count: 0, indices: { bufferView: 0, componentType: 5125 }, values: { bufferView: 0 } };
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

test("an OBJ may name vertices before they come, and lines as faces", async () => {
  const read = (text: string) => parseMesh(new TextEncoder().encode(text), "obj");
  const usual = await read("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n");
  expect(await read("f 1 2 3\nf 1 2\nf 3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n")).toEqual(usual);
  await expect(read("f -1 -2 -3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n")).rejects.toThrow(InputError);
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
    ["ply", "a negative count", ply(`element vertex -3\n${xyz}`)],
    [
      "ply",
      "a negative corner",
      ply(`element vertex 1\n${xyz}\nelement face 1\nproperty list char int vertex_indices`, "0 0 0 3 0 -1 0"),
    ],
    [
      "ply",
      "endless rows of nothing",
      ply(`element vertex 3\n${xyz}\n${"element x 20000000\n".repeat(2000)}`, "0 ".repeat(9)),
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

  /** A GLB of one triangle, and what is changed in its JSON. */
  const glb = (change: object) => {
    const json = {
      ...{ asset: { version: "2.0" }, scene: 0, scenes: [{ nodes: [0] }], nodes: [{ mesh: 0 }] },
      meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
      accessors: [{ ...POSITIONS, bufferView: 0 }],
      ...{ bufferViews: [{ buffer: 0, byteLength: 36 }], buffers: [{ byteLength: 36 }] },
      ...change,
    };
    const text = Buffer.from(JSON.stringify(json));
    const head = Buffer.concat([text, Buffer.alloc(-text.length & 3, " ")]);
    const numbers = Buffer.from(Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0).buffer);
    const whole = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
    const [GLTF, JSON_CHUNK, BIN_CHUNK] = [0x46546c67, 0x4e4f534a, 0x004e4942];
    const length = 28 + head.length + numbers.length;
    const chunks = [whole(head.length, JSON_CHUNK), head, whole(numbers.length, BIN_CHUNK), numbers];
    return new Uint8Array(Buffer.concat([whole(GLTF, 2, length), ...chunks]));
  };
  const POSITIONS = { componentType: 5126, type: "VEC3", count: 3 };
  const accessor = (change: object) => glb({ accessors: [{ ...POSITIONS, bufferView: 0, ...change }] });
  const nodes = Array.from({ length: 10_000 }, () => ({ mesh: 0 }));
  const crowd = { nodes, scenes: [{ nodes: [...nodes.keys()] }] };

  test("the GLB that the next ones are made of is a triangle", async () => {
    expect((await parseMesh(glb({}), "glb")).faces.length).toBe(3);
    expect((await parseMesh(glb({ nodes: [{ mesh: 0, children: [0] }] }), "glb")).faces.length).toBe(3);
  });

  test.each([
    ["more elements than bytes", accessor({ count: 4 })],
    ["a billion elements", accessor({ count: 1e9 })],
    ["a negative count", accessor({ count: -3 })],
    ["a count that is a text", accessor({ count: "3" })],
    ["elements of nothing", glb({ accessors: [{ ...POSITIONS, count: 1e7 }] })],
    ["an offset outside", accessor({ byteOffset: 1000 })],
    ["an offset before", accessor({ byteOffset: -12 })],
    ["an element type that is none", accessor({ type: "VEC9" })],
    ["a component type that is none", accessor({ componentType: 9 })],
    ["positions of one number", accessor({ type: "SCALAR" })],
    ["a view that is not there", accessor({ bufferView: 7 })],
    ["a view outside", glb({ bufferViews: [{ buffer: 0, byteLength: 36, byteOffset: 4096 }] })],
    ["a view that is too long", glb({ bufferViews: [{ buffer: 0, byteLength: 1e9 }] })],
    ["a stride beyond the view", glb({ bufferViews: [{ buffer: 0, byteLength: 36, byteStride: 252 }] })],
    ["no buffer", glb({ buffers: [] })],
    ["a file of the user's", glb({ buffers: [{ byteLength: 36, uri: "/etc/passwd" }] })],
    ["changes of nothing", accessor({ sparse: { count: 9, indices: { bufferView: 0 }, values: { bufferView: 0 } } })],
    ["lists that are none", glb({ accessors: 3 })],
    ["a mesh that is not there", glb({ nodes: [{ mesh: 5 }] })],
    ["a compression that is not known", glb({ extensionsRequired: ["KHR_draco_mesh_compression"] })],
    ["another version", glb({ asset: { version: "1.0" } })],
    ["a mesh shown too often", glb({ ...crowd, accessors: [{ ...POSITIONS, count: 1e6, sparse: SPARSE }] })],
  ])("glb: %s", async (_, bytes) => {
    await expect(parseMesh(bytes, "glb")).rejects.toThrow(InputError);
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
