/** Closed meshes whose parts are thinner than a voxel keep their topology. */
import { expect, test } from "vitest";
import { decodeMesh, encodeMesh } from "../../../src/tokenizers/octree/encode-mesh.js";
import type { Mesh } from "../../../src/tokenizers/octree/mesh.js";
import { readIds } from "../../../src/tokenizers/octree/octree-tokenizer.js";
import { offsetSolid } from "../../../src/tokenizers/octree/offset-solid.js";
import { topologyOfSolid } from "../../../src/tokenizers/octree/solid-topology.js";
import { surfaceOf } from "../../../src/tokenizers/octree/surface.js";
import { topologyOf } from "../../../src/tokenizers/octree/topology.js";
import { voxelise } from "../../../src/tokenizers/octree/voxelise.js";
import { closeSolid, type Voxels } from "../../../src/tokenizers/octree/voxels.js";
import { solidOf } from "../../../src/tokenizers/octree/voxels-of-level.js";
import { randomStream } from "./random-stream.js";

const FINE = 6;
const R = 1 << FINE;

/** Half a voxel of depth 5 is one of these: x, y, z from 0 to 63. */
function solidWhere(inside: (x: number, y: number, z: number) => boolean): Voxels {
  const solid = Uint8Array.from(
    { length: R ** 3 },
    (_, i) => +inside(Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R),
  );
  return { depth: FINE, solid };
}

/** Eight tines on a back, each half a voxel of depth 5 thick. */
const comb = solidWhere((x, y, z) => y === 31 && x >= 1 && x <= 61 && (z < 8 || (z < 60 && x % 8 === 1)));
/** 7 x 7 windows between bars that are half a voxel of depth 5 thick. */
const grating = solidWhere(
  (x, y, z) => y === 31 && x >= 1 && x <= 57 && z >= 1 && z <= 57 && (x % 8 === 1 || z % 8 === 1),
);

/** The surface of a solid, turned away from the axes of the grid. */
function turned(voxels: Voxels): Mesh {
  const { positions, faces } = surfaceOf(voxels, { kind: "blocks" });
  const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
  const out = new Float32Array(positions.length);
  for (let v = 0; v < positions.length; v += 3) {
    const [x, y, z] = [0, 1, 2].map((axis) => positions[v + axis]! - 0.5) as [number, number, number];
    const [u, w] = [c * x - s * z, s * x + c * z];
    out.set([0.5 + 0.8 * u, 0.5 + 0.8 * (c * y - s * w), 0.5 + 0.8 * (s * y + c * w)], v);
  }
  return { positions: out, faces };
}

test.each([
  ["a comb", comb, 2],
  ["a grating", grating, 2 - 2 * 49],
])("%s thinner than a voxel comes back as one piece with its Euler number", (_, voxels, euler) => {
  const mesh = turned(voxels);
  expect(topologyOf(mesh)).toMatchObject({ closed: true, manifold: true, euler: [euler] });
  const plain = voxelise(mesh, 5, true).solid;
  closeSolid(5, plain);
  expect(topologyOfSolid(5, plain)).not.toEqual({ pieces: 1, euler }); // without more ado it breaks
  const { ids, frame } = encodeMesh(mesh, { depth: 5 });
  expect(topologyOf(decodeMesh(ids, frame)).euler).toEqual([euler]);
});

test("where no solid near the mesh has the Euler number there is none", () => {
  expect(offsetSolid(surfaceOf(comb, { kind: "blocks" }), 4, -40)).toBeNull();
});

test("what is counted of voxels is what their surface has", () => {
  for (let item = 0; item < 20; item++) {
    const solid = solidOf(readIds(randomStream(item, 4, 0.35)), 4);
    const { euler } = topologyOf(surfaceOf({ depth: 4, solid }, { kind: "blocks" }));
    expect(topologyOfSolid(4, solid)).toEqual({ pieces: euler.length, euler: euler.reduce((a, b) => a + b, 0) });
  }
});
