/** What matchers.test.ts runs in a project of its own. CHANGE says what is other than in the first run. */
import type { ManifestBase } from "tessera-sdk";
import { describe, expect, test } from "vitest";

const changed = process.env.CHANGE === "yes";

const manifest = {
  ...{
    kind: "tessera-image-manifest",
    tessera: "0.1.0",
    device: changed ? "onnx-webgpu" : "onnx-cpu",
    precision: "q8",
  },
  ...{ model: { name: "tiny", revision: "3" }, subject: { prompt: "a <dot>" }, seed: 7, index: 0 },
  tokens: { count: 1, sha256: changed ? "b" : "a" },
} as unknown as ManifestBase;

function picture() {
  const rgba = Uint8Array.from({ length: 4 * 24 * 24 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 251));
  if (changed) rgba.fill(255, 400, 500);
  return { width: 24, height: 24, rgba, manifest };
}

const sound = () => ({
  samples: Float32Array.from({ length: 8000 }, (_, i) => (changed ? 0.3 : 0.2) * Math.sin(i / 5)),
  sampleRate: 16_000,
});

const tetrahedron = () => ({
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, changed ? 1.2 : 1),
  faces: Uint32Array.of(0, 2, 1, 0, 1, 3, 1, 2, 3, 0, 3, 2),
});

test("a picture", () => expect({ images: [picture()] }).toMatchImage());
test("a sound", () => expect(sound()).toMatchAudio("chord"));
test("a mesh", () => expect(tetrahedron()).toMatchMesh());
test("tokens", () => expect([1, 2, changed ? 4 : 3]).toMatchTokens());

describe("a suite", () => {
  test("counts", async () => {
    await expect([1]).toMatchTokens();
    await expect([2]).toMatchTokens();
  });
  test.concurrent("keeps one golden for each device", ({ expect }) =>
    expect(picture()).toMatchImage({ golden: "device", name: "dot" }));
});

test("a device may have a tolerance of its own", () =>
  expect(picture()).toMatchImage({
    name: "tolerant",
    devices: { "onnx-webgpu": { psnr: 0, ssim: 0, localSsim: 0 } },
  }));

let tries = 0;
test("a retried test counts from one", { retry: 1 }, async () => {
  await expect([9]).toMatchTokens();
  if (tries++ === 0) throw new Error("once more");
});

test("without a golden: another value, and the contrary", async () => {
  await expect([1, 2]).toMatchTokens({ expected: { ids: Int32Array.of(1, 2) } });
  await expect([1, 2]).not.toMatchTokens({ expected: [2, 1] });
  await expect(expect([1]).not.toMatchTokens({ expected: [1] })).rejects.toThrow("should not");
  await expect(expect([1]).not.toMatchTokens("never written")).rejects.toThrow("no golden");
});

test("misuse is told", async () => {
  await expect(expect([1]).toMatchTokens({ tolerance: { difering: 1 } as object })).rejects.toThrow("differing");
  await expect(expect(picture()).toMatchImage({ tolerance: { psnr: -1 } })).rejects.toThrow("psnr");
  await expect(expect([1]).toMatchTokens({ golden: "device" })).rejects.toThrow("names its device");
  await expect(expect("nothing.png").toMatchImage()).rejects.toThrow("not found");
  await expect(expect({}).toMatchMesh()).rejects.toThrow("a generated mesh");
  await expect(expect(null).toMatchAudio()).rejects.toThrow("a generated speech");
});
