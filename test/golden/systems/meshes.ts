/** The system "meshes": a closed mesh as a file, its topology and measures, its signed distances on a grid, and our own round trip. */
import { join } from "node:path";
import { readMesh } from "../../../src/3d/read-mesh.js";
import { distanceField } from "../../../src/tokenizers/octree/distance-field.js";
import { decodeMesh, encodeMesh } from "../../../src/tokenizers/octree/encode-mesh.js";
import { areaOf, type Mesh, volumeOf } from "../../../src/tokenizers/octree/mesh.js";
import { topologyOf } from "../../../src/tokenizers/octree/topology.js";
import { insideOf } from "../../../src/tokenizers/octree/voxelise.js";
import { type GoldenCase, readTensors } from "../case.js";
import { type Comparison, compare } from "../compare.js";
import { judge } from "../judge.js";

interface Expected {
  readonly vertices: number;
  readonly faces: number;
  readonly edges: number;
  readonly euler_per_component: readonly number[];
  readonly volume: number;
  readonly area: number;
}

export async function* meshes(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const io = await readTensors(folder);
  const mesh = await readMesh(join(folder, (golden.files as { readonly mesh: string }).mesh));
  const R = golden.config.grid as number;
  const place = (i: number) => (2 * i + 1) / R - 1; // the middles of the cells of [-1, 1]
  yield* judge(golden, io, [], (name, { shape }) => {
    if (name === "vertices") return { shape, data: mesh.positions };
    if (name === "faces") return { shape, data: Int32Array.from(mesh.faces) };
    if (name === "sdf") return { shape, data: distanceField(mesh, R, place) };
    if (name !== "occupancy_bits") return undefined;
    const inside = insideOf(mesh, R, place);
    const bytes = new Uint8Array(inside.length / 8);
    for (const [i, bit] of inside.entries()) bytes[i >> 3]! |= bit << (i & 7);
    return { shape, data: bytes };
  });
  const expected = (golden.expected as { readonly mesh: Expected }).mesh;
  yield* counts("mesh", mesh, expected, 1e-3);
  // A codec keeps components and their Euler numbers; volume and area approach those of the mesh.
  const { ids, frame } = encodeMesh(mesh, { depth: 7 });
  const back = decodeMesh(ids, frame);
  const topology = topologyOf(back);
  const same = { ...expected, vertices: topology.vertices, faces: topology.faces, edges: topology.edges };
  yield* counts("round trip at depth 7", back, same, 0.05);
}

function* counts(what: string, mesh: Mesh, expected: Expected, rel: number): Iterable<Comparison> {
  const { vertices, faces, edges, euler, closed, manifold, oriented } = topologyOf(mesh);
  const exact = (values: readonly number[]) => ({ shape: [values.length], data: Int32Array.from(values) });
  const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
  const own = [vertices, faces, edges, ...[closed, manifold, oriented].map(Number), ...sorted(euler)];
  const wanted = [expected.vertices, expected.faces, expected.edges, 1, 1, 1, ...sorted(expected.euler_per_component)];
  yield compare(`${what}: topology`, exact(own), exact(wanted), { abs: 0, rel: 0 });
  const measured = { shape: [2], data: Float32Array.of(volumeOf(mesh), areaOf(mesh)) };
  const stated = { shape: [2], data: Float32Array.of(expected.volume, expected.area) };
  yield compare(`${what}: volume and area`, measured, stated, { abs: 0, rel });
}
