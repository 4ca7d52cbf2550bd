/** Meshes from words, by a tiny model with random weights: whatever it draws, what comes out is a solid. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import validator from "gltf-validator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateMesh, type MeshEvent, type MeshResult, streamMesh } from "../../src/3d/generate-mesh.js";
import { parseMeshManifest, readMeshManifest } from "../../src/3d/manifest.js";
import { loadMeshModel, type MeshModel } from "../../src/3d/model.js";
import { readMesh } from "../../src/3d/read-mesh.js";
import { verifyMesh } from "../../src/3d/verify-mesh.js";
import { ArgumentError, UnknownNameError } from "../../src/base/errors.js";
import { topologyOf } from "../../src/tokenizers/octree/topology.js";
import { conformMedium } from "../media/conform-medium.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyMeshModel } from "../support/tiny-mesh-model.js";

const folder = temporaryFolder();
let model: MeshModel;
beforeAll(async () => {
  await writeTinyMeshModel(folder);
  model = await loadMeshModel(folder, { device: "reference" });
});
afterAll(() => model.close());

conformMedium("meshes", {
  load: async () => loadMeshModel(folder, { device: "reference" }),
  stream: (options) => streamMesh({ prompt: "a red table", ...options }),
  items: ({ meshes }: MeshResult) => meshes,
  itemOf: (event) => (event.type === "mesh-end" ? (event as Extract<MeshEvent, { type: "mesh-end" }>).mesh : undefined),
  fingerprint: ({ ids }) => ids.join(),
  ending: "glb",
  outOfRange: { temperature: -1 },
  parseManifest: parseMeshManifest,
  verify: (manifest, model: MeshModel) => verifyMesh(manifest, { model }),
});

describe("generateMesh", () => {
  test("makes solids, the same however many are made at once", async () => {
    const prompt = "a round table";
    const { meshes, usage, warnings } = await generateMesh({ model, prompt, n: 3, seed: 5 });
    expect(warnings).toEqual([]);
    expect(usage.inputTokens).toBe(9);
    for (const { mesh, facts, ids } of meshes) {
      expect(topologyOf(mesh)).toMatchObject({ closed: true, manifold: true, oriented: true, degenerate: 0 });
      expect(facts).toMatchObject({ watertight: true, unit: "metre", up: "+Y" });
      expect(facts.bounds.least[1]).toBeCloseTo(0, 6);
      expect(facts.volume).toBeGreaterThan(0);
      expect(ids.length).toBeGreaterThan(5);
    }
    expect(new Set(meshes.map(({ manifest }) => manifest.tokens.sha256)).size).toBe(3);
    const alone = await generateMesh({ model, prompt, seed: 5, firstIndex: 2 });
    expect(alone.meshes[0]!.manifest).toEqual(meshes[2]!.manifest);
  });

  test("guesses change nothing but the number of passes", async () => {
    const made = (decoding: "next-token" | "run-lookup") =>
      generateMesh({ model, prompt: "a red table", depth: 5, seed: 3, decoding });
    const [plain, guessed] = [await made("next-token"), await made("run-lookup")];
    expect(guessed.meshes[0]!.ids).toEqual(plain.meshes[0]!.ids);
    expect(guessed.usage.forwardPasses).toBeLessThan(plain.usage.forwardPasses);
    expect(guessed.meshes[0]!.manifest.decoding).toEqual({ kind: "run-lookup", window: 12 });
  });

  test("saves GLB with its mark and manifest, from which it is verified", async () => {
    const { meshes } = await generateMesh({ model, prompt: "red table", size: 0.8 });
    const path = join(folder, "out", "table.glb");
    const [glb, json] = await meshes[0]!.save(path, { manifest: true });
    const bytes = await readFile(glb!);
    expect((await validator.validateBytes(bytes)).issues.messages).toEqual([]);
    const text = bytes.subarray(20, 20 + bytes.readUInt32LE(12)).toString("utf8");
    expect(JSON.parse(text).asset.extras).toMatchObject({
      digitalSourceType: "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
      ...{ system: "tessera-sdk", model: "tiny-shapes 1", prompt: "red table", seed: 0, index: 0 },
    });
    expect(topologyOf(await readMesh(glb!))).toEqual(topologyOf(meshes[0]!.mesh));
    const manifest = await readMeshManifest(json!);
    expect(await verifyMesh(manifest, { model })).toMatchObject({ same: true, differences: [] });
    const other = { ...manifest, seed: 1 };
    expect((await verifyMesh(other, { model })).same).toBe(false);
  });

  test("printable: STL in millimetres, z up", async () => {
    const { meshes, warnings } = await generateMesh({ model, prompt: "table", format: "stl", size: 0.05 });
    const bytes = Buffer.from(meshes[0]!.bytes);
    const heights = Array.from({ length: bytes.readUInt32LE(80) }, (_, f) => bytes.readFloatLE(84 + 50 * f + 12 + 8));
    expect(Math.min(...heights)).toBeCloseTo(0, 4);
    expect(Math.max(...heights)).toBeGreaterThan(5);
    expect(Math.max(...heights)).toBeLessThan(51);
    expect(warnings.length).toBe(meshes[0]!.mesh.colours ? 1 : 0);
  });

  test("draws a thumbnail", async () => {
    const { meshes } = await generateMesh({ model, prompt: "table" });
    const { width, height, data } = meshes[0]!.thumbnail({ size: 64 });
    expect([width, height, data.length]).toEqual([64, 64, 64 * 64 * 4]);
    expect(data[3]).toBe(0);
    expect(data[(32 * 64 + 32) * 4 + 3]).toBe(255);
  });
});

test("streamMesh shows each level, and can be left", async () => {
  const events: MeshEvent[] = [];
  for await (const event of streamMesh({ model, prompt: "table", depth: 4, previews: "levels" })) events.push(event);
  expect(events[0]).toMatchObject({ type: "run-start", total: null });
  const levels = events.flatMap((event) => (event.type === "mesh-preview" ? [event] : []));
  expect(levels.map(({ level }) => level)).toEqual([3]);
  expect(topologyOf(levels[0]!.mesh).closed).toBe(true);
  expect(events.slice(-2).map(({ type }) => type)).toEqual(["mesh-end", "run-end"]);
  for await (const event of streamMesh({ model, prompt: "table" })) if (event.type === "tokens-accept") break;
  const stop = new AbortController();
  const running = generateMesh({ model, prompt: "table", depth: 5, signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
});

test("a shape with more nodes than the model holds is made coarser, with a warning", async () => {
  await writeTinyMeshModel(join(folder, "short"), 60);
  await using short = await loadMeshModel(join(folder, "short"), { device: "reference" });
  const { meshes, warnings } = await generateMesh({ model: short, prompt: "table", depth: 5 });
  expect(warnings).toEqual([{ type: "other", message: expect.stringMatching(/made at depth \d instead of 5/) }]);
  expect(topologyOf(meshes[0]!.mesh).closed).toBe(true);
});

describe("what is refused", () => {
  const options = (changed: object) => ({ model, prompt: "table", ...changed });
  test.each([
    ["depth", { depth: 6 }],
    ["size", { size: 0 }],
    ["faces", { faces: 3 }],
    ["previews", { previews: "all" }],
    ["n", { n: 0 }],
    ["an option that is none", { style: "noto" }],
  ])("%s", async (_, changed) => {
    await expect(generateMesh(options(changed))).rejects.toThrow(ArgumentError);
  });
  test.each([{ format: "usd" }, { prompt: "dragon" }, { decoding: "next-scale" as never }])("%o", async (changed) => {
    await expect(generateMesh(options(changed) as never)).rejects.toThrow(UnknownNameError);
  });
  test("words that the model never saw are named", async () => {
    const { warnings } = await generateMesh(options({ prompt: "mahogany table with a red, red legs" }));
    expect(warnings.map((warning) => "message" in warning && warning.message)).toEqual([
      'The model does not know "mahogany".',
      "The prompt has 7 words and the model reads 5; the rest was left out.",
    ]);
  });
});
