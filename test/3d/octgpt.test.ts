/** A whole model of OctGPT's layout with random weights, by the door of all mesh models: from its two files to meshes, and from meshes to ids. */
import { join } from "node:path";
import validator from "gltf-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generateMesh, type MeshEvent, streamMesh } from "../../src/3d/generate-mesh.js";
import { parseMeshManifest } from "../../src/3d/manifest.js";
import { meshFromImage } from "../../src/3d/mesh-from-image.js";
import { loadMeshModel, type MeshModel } from "../../src/3d/model.js";
import type { OctgptFiles } from "../../src/3d/published.js";
import { verifyMesh } from "../../src/3d/verify-mesh.js";
import { ArgumentError, UnknownNameError, WeightsError } from "../../src/base/errors.js";
import { uniform } from "../../src/base/random.js";
import { parseOctgptConfig } from "../../src/core/octgpt/config.js";
import { octgptGraph } from "../../src/core/octgpt/graph.js";
import type { Graph } from "../../src/engine/graph.js";
import { f32, sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { writeSafetensors } from "../../src/engine/weights/safetensors-write.js";
import { loadTextEncoder } from "../../src/media/text-encoder.js";
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

function randomWeights(graphs: readonly Graph[], seed = 0): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { source, shape } of graphs.flatMap(({ weights }) => weights)) {
    if (source.kind !== "weight") continue;
    const draw = (i: number) => uniform({ seed: seed + tensors.size, item: 0, position: i, purpose: "noise" }) - 0.5;
    const sizes = shape as readonly number[];
    tensors.set(source.name, { shape: sizes, data: Float32Array.from({ length: sizeOf(sizes) }, (_, i) => draw(i)) });
  }
  return tensors;
}

/** Weights of the autoencoder whose field is below zero in some places only, as that of shapes is. */
function codecWeights(): Map<string, Tensor> {
  const { encoder, trunk, stages } = shapeCodecGraphs(codec);
  const tensors = randomWeights([encoder, trunk, ...stages], 100);
  const head = (name: string) => tensors.get(`decoder.regress.2.conv2.linear.${name}`)!.data;
  const offsets = head("weight").subarray(3 * codec.headWidth);
  for (const [i, weight] of offsets.entries()) offsets[i] = -weight;
  head("bias")[3] = 0.3;
  return tensors;
}

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const FILES: OctgptFiles = {
  transformer: file("transformer.safetensors"),
  codec: file("codec.safetensors"),
  config,
};
let model: MeshModel;
beforeAll(async () => {
  await writeSafetensors(FILES.transformer, randomWeights([octgptGraph(transformer)]));
  await writeSafetensors(FILES.codec, codecWeights());
  model = await loadMeshModel(FILES, { device: "cpu", threads: 1 });
});
afterAll(async () => {
  await model?.close();
});

test("makes closed shapes, the same for the same seed", async () => {
  expect(model).toMatchObject({ name: "octgpt", depths: { usual: 5, most: 5 }, decodings: ["masked-octree"] });
  const { meshes, usage } = await generateMesh({ model, prompt: "a key", seed: 5, n: 2, size: 0.5 });
  expect(usage).toMatchObject({ inputTokens: 2, forwardPasses: 14 });
  for (const { mesh, facts, ids, manifest, bytes } of meshes) {
    expect(topologyOf(mesh)).toMatchObject({ closed: true, oriented: true });
    expect(facts.faces).toBeGreaterThan(100);
    expect(facts.volume).toBeGreaterThan(0);
    expect(facts.bounds.least[1]).toBeCloseTo(0, 6);
    expect(facts.bounds.most[0] - facts.bounds.least[0]).toBeLessThanOrEqual(0.5);
    expect(ids.length).toBeGreaterThan(64);
    expect(manifest.decoding).toEqual({ kind: "masked-octree", passes: [3, 4] });
    expect(manifest.tokens.count).toBe(ids.length);
    expect(parseMeshManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect((await validator.validateBytes(bytes)).issues).toMatchObject({ numErrors: 0, numWarnings: 0 });
  }
  const [first, second] = meshes;
  expect(second!.ids).not.toEqual(first!.ids);
  const alone = await generateMesh({ model, prompt: "a key", seed: 5, firstIndex: 1, size: 0.5 });
  expect(alone.meshes[0]!.manifest).toEqual(second!.manifest);
  expect(await verifyMesh(second!.manifest, { model })).toMatchObject({ same: true, differences: [] });
  expect((await verifyMesh({ ...second!.manifest, seed: 6 }, { model })).same).toBe(false);
  const decoded = await model.decode(first!.ids);
  expect(decoded.faces).toEqual(first!.mesh.faces);
});

test("passes of each depth and the depth of the surface are the caller's", async () => {
  const decoding = { kind: "masked-octree", passes: [1, 1] } as const;
  const { usage, meshes } = await generateMesh({ model, prompt: "key", seed: 5, decoding, depth: 3 });
  expect(usage.forwardPasses).toBe(2);
  expect(meshes[0]!.manifest).toMatchObject({ decoding, depth: 3 });
});

test("a shape of which the model says nothing closed is empty, and said to be", async () => {
  const tensors = codecWeights();
  const bias = tensors.get("decoder.regress.2.conv2.linear.bias")!.data as Float32Array;
  bias[3] = 9; // far outside everywhere
  const file = join(folder, "outside.safetensors");
  await writeSafetensors(file, tensors);
  await using model = await loadMeshModel({ ...FILES, codec: file }, { device: "cpu", threads: 1 });
  const { meshes, warnings } = await generateMesh({ model, prompt: "key", depth: 3 });
  expect(meshes[0]!.facts).toMatchObject({ vertices: 0, faces: 0, watertight: false, volume: 0 });
  expect(warnings).toEqual([{ type: "other", message: expect.stringMatching(/came out empty/) }]);
  expect((await validator.validateBytes(meshes[0]!.bytes)).issues).toMatchObject({ numErrors: 0, numWarnings: 0 });
  expect(meshes[0]!.thumbnail({ size: 8 }).data.every((channel) => channel === 0)).toBe(true);
});

test("streamMesh shows each depth of the octree that is complete, as a solid", async () => {
  const events: MeshEvent[] = [];
  const options = { model, prompt: "cup", seed: 1, previews: "levels" } as const;
  for await (const event of streamMesh(options)) events.push(event);
  const levels = events.flatMap((event) => (event.type === "mesh-preview" ? [event] : []));
  expect(levels.map(({ level }) => level)).toEqual([2]);
  expect(topologyOf(levels[0]!.mesh)).toMatchObject({ closed: true, manifold: true, oriented: true });
  expect(events.at(-1)!.type).toBe("run-end");
});

test("words beside the class are named; a class stands for itself", async () => {
  const { warnings } = await generateMesh({ model, prompt: "the red key", depth: 3 });
  const said = warnings.map((warning) => "message" in warning && warning.message);
  expect(said).toContain('The model makes any key and does not read "red".');
});

test("meshes become ids, and ids meshes", async () => {
  const { ids, frame } = await model.encode(CUBE);
  expect(frame).toEqual({ centre: [1, 1, 1], side: 2.5 });
  const split = ids.subarray(0, 64);
  expect([...split].every((bit) => bit === 0 || bit === 1)).toBe(true);
  expect(ids.length).toBe(64 + 8 * split.reduce((sum, bit) => sum + bit, 0));
  expect((await model.decode(ids, 4)).positions.length % 3).toBe(0);
  await expect(model.decode(ids.subarray(1))).rejects.toThrow(ArgumentError);
  await expect(model.decode(ids.with(0, 2))).rejects.toThrow(ArgumentError);
  await expect(model.decode(Int32Array.from([...ids, 0]))).rejects.toThrow(ArgumentError);
});

test("models that were trained with another network's rows are shown them", async () => {
  const condition = { kind: "context", rows: 2, width: 5 } as const;
  const seeing = parseOctgptConfig({ ...transformer, condition });
  const file = join(folder, "seeing.safetensors");
  await writeSafetensors(file, randomWeights([octgptGraph(seeing)]));
  const files = { ...FILES, transformer: file, config: { transformer: seeing, codec, categories: [] } };
  await using shown = await loadMeshModel(files, { device: "cpu", threads: 1 });
  const context = f32([2, 5], [1, -2, 3, 0.5, 0, 2, 1, -1, 0, 4]);
  const options = { model: shown, prompt: "any words", depth: 3 };
  const { meshes, usage } = await generateMesh({ ...options, context });
  expect(usage.inputTokens).toBe(2);
  const { manifest } = meshes[0]!;
  expect(manifest.subject).toEqual({
    prompt: "any words",
    contextSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    textEncoder: null,
  });
  expect((await verifyMesh(manifest, { model: shown, context })).same).toBe(true);
  const asked: string[] = [];
  const tower = async (image: string | Uint8Array) => {
    asked.push(String(image));
    return context;
  };
  const pictured = await meshFromImage({ model: shown, image: "chair.png", tower, depth: 3 });
  expect(pictured.meshes[0]!.ids).toEqual(meshes[0]!.ids);
  expect(asked).toEqual(["chair.png"]);
  await expect(meshFromImage({ model: shown, image: "chair.png" })).rejects.toThrow(/No published checkpoint/);
  await expect(meshFromImage({ model, image: "chair.png", tower })).rejects.toThrow(ArgumentError);
  await expect(verifyMesh(manifest, { model: shown })).rejects.toThrow(/context/);
  await expect(generateMesh(options)).rejects.toThrow(/context/);
  await expect(generateMesh({ ...options, context: f32([1, 4], [1, 2, 3, 4]) })).rejects.toThrow(/\[1 to 2, 5\]/);
  const odd = f32([1, 5], [1, 2, Number.NaN, 4, 5]);
  await expect(generateMesh({ ...options, context: odd })).rejects.toThrow(ArgumentError);
});

test("a text encoder makes those rows of a prompt: the same mesh, which can be verified", async () => {
  const encoder = join(import.meta.dirname, "../fixtures/text-encoders/folders/clip");
  const condition = { kind: "context", rows: 10, width: 12 } as const;
  const seeing = parseOctgptConfig({ ...transformer, buffer: 10, condition });
  const file = join(folder, "reading.safetensors");
  await writeSafetensors(file, randomWeights([octgptGraph(seeing)]));
  const files = { ...FILES, transformer: file, config: { transformer: seeing, codec, categories: [] } };
  const device = { device: "cpu", threads: 1 } as const;
  await using reading = await loadMeshModel(files, { ...device, textEncoder: encoder });
  await using clip = await loadTextEncoder(encoder, device);
  const prompt = "A small red apple.";
  const { ids } = clip.tokenize(prompt, 10);
  expect(ids.length).toBeLessThanOrEqual(10);
  const { features } = await clip.encode(prompt, { length: ids.length });
  const context = f32([ids.length, 12], [...features.data]);
  const { meshes, usage } = await generateMesh({ model: reading, prompt, depth: 3, seed: 2 });
  expect(usage.inputTokens).toBe(ids.length);
  const byHand = await generateMesh({ model: reading, prompt, context, depth: 3, seed: 2 });
  expect(meshes[0]!.ids).toEqual(byHand.meshes[0]!.ids);
  const other = await generateMesh({ model: reading, prompt: "Two cats", depth: 3, seed: 2 });
  expect(other.meshes[0]!.ids).not.toEqual(meshes[0]!.ids);

  const { manifest } = meshes[0]!;
  expect(manifest.subject).toEqual({ prompt, contextSha256: null, textEncoder: { name: "clip", precision: "f32" } });
  expect(Object.keys(manifest.model.sha256)).toEqual(expect.arrayContaining(["text-encoder/model.safetensors"]));
  expect(await verifyMesh(manifest, { model: reading })).toMatchObject({ same: true, differences: [] });
  await using deaf = await loadMeshModel(files, device);
  await expect(verifyMesh(manifest, { model: deaf })).rejects.toThrow(/context[^]*Load it with textEncoder/);
  await expect(loadMeshModel(FILES, { ...device, textEncoder: encoder })).rejects.toThrow(/was not trained on/);
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
  const key = { model, prompt: "key" };
  await expect(generateMesh({ model, prompt: "cat" })).rejects.toThrow(UnknownNameError);
  await expect(generateMesh({ ...key, context: f32([1, 3], [1, 2, 3]) })).rejects.toThrow(ArgumentError);
  const passes = (list: readonly number[]) => ({ kind: "masked-octree", passes: list }) as const;
  await expect(generateMesh({ ...key, decoding: passes([1]) })).rejects.toThrow(/decoding\.passes/);
  await expect(generateMesh({ ...key, decoding: passes([0, 1]) })).rejects.toThrow(/decoding\.passes/);
  await expect(generateMesh({ ...key, decoding: "next-token" })).rejects.toThrow(UnknownNameError);
  await expect(generateMesh({ ...key, guidance: 2 })).rejects.toThrow(/guidance/);
  await expect(generateMesh({ ...key, topK: 5 })).rejects.toThrow(/topK/);
  await expect(generateMesh({ ...key, depth: 6 })).rejects.toThrow(/depth/);
  await expect(generateMesh({ ...key, signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
  const swapped = { transformer: FILES.codec, codec: FILES.transformer, config };
  await expect(loadMeshModel(swapped, { device: "cpu" })).rejects.toThrow(WeightsError);
  await expect(loadMeshModel({ ...swapped, config: "octgpt-chairs" as "octgpt-chair" })).rejects.toThrow(
    /octgpt-chair/,
  );
  await expect(loadMeshModel({ ...swapped, config: { ...config, codec: { ...codec, bits: 7 } } })).rejects.toThrow(
    /bits/,
  );
  await expect(loadMeshModel({ transformer: FILES.transformer } as never)).rejects.toThrow(ArgumentError);
});
