/** A whole model of OctGPT's layout with random weights: from its two files to meshes, and from meshes to codes. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadOctgpt, type OctgptModel } from "../../src/3d/octgpt.js";
import { ArgumentError, UnknownNameError, WeightsError } from "../../src/base/errors.js";
import { uniform } from "../../src/base/random.js";
import { parseOctgptConfig } from "../../src/core/octgpt/config.js";
import { octgptGraph } from "../../src/core/octgpt/graph.js";
import type { Graph } from "../../src/engine/graph.js";
import { f32, sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { parseShapeCodecConfig } from "../../src/tokenizers/octgpt/config.js";
import { shapeCodecGraphs } from "../../src/tokenizers/octgpt/graphs.js";
import { meshPoints } from "../../src/tokenizers/octgpt/mesh-points.js";
import type { Mesh } from "../../src/tokenizers/octree/mesh.js";
import { topologyOf } from "../../src/tokenizers/octree/topology.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const transformer = parseOctgptConfig({
  ...{ width: 12, heads: 2, encoderBlocks: 1, decoderBlocks: 2, window: 64, dilation: 2, buffer: 2 },
  ...{ positions: "absolute", norm: "rms", condition: { kind: "class", classes: 2 } },
  ...{ bits: 6, fullDepth: 2, codeDepth: 3 },
  unmasking: [
    { passes: 3, temperature: 1 },
    { passes: 4, temperature: 0.5 },
  ],
});
const tower = (...channels: number[]) => ({ channels, blocks: channels.map(() => 1) });
const codec = parseShapeCodecConfig({
  ...{ depth: 5, bits: 6, bottleneck: 1, nodeTypes: 5, headWidth: 8, pointsScale: 1 },
  ...{ encoder: tower(4, 4, 8), graphEncoder: tower(8, 8), graphDecoder: tower(8, 8, 8, 4) },
});
const config = { transformer, codec, categories: ["cup", "key"] };

const CUBE: Mesh = {
  positions: Float32Array.from([0, 0, 0, 0, 0, 2, 0, 2, 0, 0, 2, 2, 2, 0, 0, 2, 0, 2, 2, 2, 0, 2, 2, 2]),
  faces: Uint32Array.from([
    0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3,
  ]),
};

function randomWeights(...graphs: readonly Graph[]): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { source, shape } of graphs.flatMap(({ weights }) => weights)) {
    if (source.kind !== "weight") continue;
    const draw = (i: number) => uniform({ seed: tensors.size, item: 0, position: i, purpose: "noise" }) - 0.5;
    const sizes = shape as readonly number[];
    tensors.set(source.name, { shape: sizes, data: Float32Array.from({ length: sizeOf(sizes) }, (_, i) => draw(i)) });
  }
  return tensors;
}

const folder = temporaryFolder();
let model: OctgptModel;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  const { encoder, trunk, stages } = shapeCodecGraphs(codec);
  await writeSafetensors(file("transformer.safetensors"), randomWeights(octgptGraph(transformer)));
  await writeSafetensors(file("codec.safetensors"), randomWeights(encoder, trunk, ...stages));
  model = await loadOctgpt(
    { transformer: file("transformer.safetensors"), codec: file("codec.safetensors"), config },
    { device: "cpu", threads: 1 },
  );
});
afterAll(async () => {
  await model?.close();
});

test("makes shapes, the same for the same seed, closed or empty", async () => {
  const make = (seed: number, index = 0) => model.make({ category: "key", seed, index, points: 24 });
  const shape = await make(5);
  expect(shape.passes).toBe(7);
  expect(shape.code.octree.depth).toBe(3);
  expect(shape.code.bits.length).toBe(6 * shape.code.octree.keys[3]!.length);
  expect(shape.mesh.faces.length === 0 || topologyOf(shape.mesh).closed).toBe(true);
  expect(await make(5)).toEqual(shape);
  expect((await make(6)).code.bits).not.toEqual(shape.code.bits);
  expect((await model.decode(shape.code, 24)).positions).toEqual(shape.mesh.positions);
  const fewer = await model.make({ category: "key", seed: 5, passes: [1, 1], points: 24 });
  expect(fewer.passes).toBe(2);
});

test("meshes become codes", async () => {
  const { octree, bits, frame } = await model.encode(CUBE);
  expect(frame).toEqual({ centre: [1, 1, 1], scale: 1.25 });
  expect(bits.length).toBe(6 * octree.keys[3]!.length);
  expect((await model.decode({ octree, bits }, 16)).positions.length % 3).toBe(0);
});

test("points lie on the faces, as many on each as its area says", () => {
  const { points, normals } = meshPoints(CUBE, 6000);
  const sides = new Map<string, number>();
  for (let i = 0; i < points.length; i += 3) {
    const [p, n] = [[...points.subarray(i, i + 3)], [...normals.subarray(i, i + 3)]];
    const axis = n.findIndex((value) => Math.abs(value) > 0.5);
    expect(p[axis]! * n[axis]!).toBeCloseTo(0.8, 5);
    sides.set(n.map(Math.round).join(), (sides.get(n.map(Math.round).join()) ?? 0) + 1);
  }
  expect(sides.size).toBe(6);
  for (const count of sides.values()) expect(Math.abs(count - 1000)).toBeLessThan(10);
  expect(() => meshPoints({ positions: CUBE.positions, faces: new Uint32Array() })).toThrow(ArgumentError);
  expect(() => meshPoints({ ...CUBE, positions: CUBE.positions.with(0, Number.NaN) })).toThrow(ArgumentError);
});

test("refuses what it cannot do", async () => {
  await expect(model.make({ category: "cat" })).rejects.toThrow(UnknownNameError);
  await expect(model.make({ context: f32([1, 3], [1, 2, 3]) })).rejects.toThrow(ArgumentError);
  await expect(model.make({ category: "cup", passes: [1] })).rejects.toThrow(/passes/);
  await expect(model.make({ category: "cup", seed: -1 })).rejects.toThrow(ArgumentError);
  await expect(model.make({ category: "cup", signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
  const swapped = { transformer: file("codec.safetensors"), codec: file("transformer.safetensors"), config };
  await expect(loadOctgpt(swapped, { device: "cpu" })).rejects.toThrow(WeightsError);
  await expect(loadOctgpt({ ...swapped, config: "octgpt-chairs" as "octgpt-chair" })).rejects.toThrow(/octgpt-chair/);
  const other = { ...config, codec: { ...codec, bits: 7 } };
  await expect(loadOctgpt({ ...swapped, config: other })).rejects.toThrow(ArgumentError);
});
