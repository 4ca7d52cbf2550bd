/** Any stream is a closed surface; and what is encoded comes back. Closedness is judged by the manifold library, too. */
import Manifold from "manifold-3d";
import { beforeAll, describe, expect, test } from "vitest";
import { TokenizerError } from "../../../src/base/errors.js";
import { encodeVoxels } from "../../../src/tokenizers/octree/encode.js";
import { type Mesh, volumeOf } from "../../../src/tokenizers/octree/mesh.js";
import { decodeSurface, decodeVoxels, readIds } from "../../../src/tokenizers/octree/octree-tokenizer.js";
import { topologyOf } from "../../../src/tokenizers/octree/topology.js";
import { FIRST } from "../../../src/tokenizers/octree/vocabulary.js";
import { fillCavities, makeWellComposed } from "../../../src/tokenizers/octree/voxels.js";
import { randomStream } from "./random-stream.js";

let wasm: Awaited<ReturnType<typeof Manifold>>;
beforeAll(async () => {
  wasm = await Manifold();
  wasm.setup();
});

/** What an independent library says of a mesh: its volume and genus. It throws unless the mesh is a closed oriented manifold. */
function judged({ positions, faces }: Mesh): { volume: number; genus: number } {
  const solid = new wasm.Manifold(new wasm.Mesh({ numProp: 3, vertProperties: positions, triVerts: faces }));
  expect(solid.status()).toBe("NoError");
  const seen = { volume: solid.volume(), genus: solid.genus() };
  solid.delete();
  return seen;
}

function expectSolid(mesh: Mesh): void {
  const topology = topologyOf(mesh);
  expect(topology).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
  for (const euler of topology.euler) expect(euler % 2 === 0 && euler <= 2).toBe(true);
  expect(volumeOf(mesh)).toBeGreaterThan(0);
  const other = judged(mesh);
  expect(other.volume).toBeGreaterThan(0);
  expect(other.volume).toBeCloseTo(volumeOf(mesh), 5);
  expect(mesh.normals!.every(Number.isFinite)).toBe(true);
}

describe("any stream", () => {
  test("1,000 random streams are closed, manifold, outward and without degenerate faces", () => {
    for (let seed = 0; seed < 1000; seed++) {
      const depth = [1, 2, 3, 4, 3, 4, 2, 3, 4, 5][seed % 10]!;
      expectSolid(decodeSurface(readIds(randomStream(seed, depth, [0.2, 0.35, 0.5][seed % 3]))));
    }
  }, 600_000);

  test("cut behind any level it is one, too", () => {
    const ids = randomStream(5, 5, 0.3);
    for (let length = ids.length; length > 5; length -= Math.ceil(length / 7)) {
      const walk = readIds(ids.slice(0, length));
      for (let depth = 1; depth <= walk.known; depth++) expectSolid(decodeSurface(walk, depth));
    }
  });

  test("an id that the grammar does not allow is refused by its place", () => {
    expect(() => readIds([FIRST.depth, FIRST.byte + 3])).toThrow(/place 1 .* profile is expected/);
    const zero = [FIRST.depth + 2, FIRST.profile, FIRST.mirror, FIRST.uncoloured, FIRST.byte];
    expect(() => readIds(zero)).toThrow(TokenizerError);
  });
});

describe("round trip", () => {
  const solidOf = (depth: number, inside: (x: number, y: number, z: number) => boolean) => {
    const R = 1 << depth;
    return Uint8Array.from({ length: R ** 3 }, (_, i) =>
      inside(Math.floor(i / (R * R)) - R / 2 + 0.5, (Math.floor(i / R) % R) - R / 2 + 0.5, (i % R) - R / 2 + 0.5)
        ? 1
        : 0,
    );
  };

  test("voxels come back exactly, with their mirrors and colours", () => {
    const solid = solidOf(5, (x, y, z) => Math.hypot(x, y, z) < 11 || (x > 0 && Math.abs(y) < 3 && Math.abs(z) < 3));
    fillCavities(5, solid);
    makeWellComposed(5, solid);
    const colours = solid.map((_, i) => (Math.floor(i / 32) % 32 < 16 ? 5 : 24));
    const ids = encodeVoxels({ depth: 5, solid, colours });
    expect(ids[2]! - FIRST.mirror).toBe(1); // z alone: x has the arm, y the colours
    const back = decodeVoxels(readIds(ids));
    expect(back.solid).toEqual(solid);
    for (let i = 0; i < solid.length; i++) if (solid[i]) expect(back.colours![i]).toBe(colours[i]);
  });

  test("a ball has the volume of a ball, a box sharp edges, a ring a hole", () => {
    const ball = decodeSurface(readIds(encodeVoxels({ depth: 6, solid: solidOf(6, (...p) => Math.hypot(...p) < 25) })));
    expect(volumeOf(ball) / ((4 / 3) * Math.PI * (25 / 64) ** 3)).toBeCloseTo(1, 1.7);
    const radii = Array.from({ length: ball.positions.length / 3 }, (_, i) =>
      Math.hypot(...[0, 1, 2].map((axis) => ball.positions[3 * i + axis]! - 0.5)),
    );
    expect(Math.max(...radii) - Math.min(...radii)).toBeLessThan(0.9 / 64);
    const box = solidOf(5, (x, y, z) => Math.abs(x) < 9 && Math.abs(y) < 3 && Math.abs(z) < 6);
    expect(volumeOf(decodeSurface(readIds(encodeVoxels({ depth: 5, solid: box }))))).toBeCloseTo(
      (18 * 6 * 12) / 32 ** 3,
      6,
    );
    const ring = solidOf(5, (x, y, z) => Math.hypot(Math.hypot(x, z) - 9, y) < 4);
    expect(topologyOf(decodeSurface(readIds(encodeVoxels({ depth: 5, solid: ring })))).euler).toEqual([0]);
  });
});
