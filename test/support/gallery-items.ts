/** Files with manifests, as a folder of generated items has them, made without a model. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import {
  meshFile,
  type ImageManifest,
  type MaskManifest,
  type MeshManifest,
  type SpeechManifest,
  TRAINED_ALGORITHMIC_MEDIA,
  wavOf,
} from "../../src/index.js";
import { decodingOf } from "../../src/core/index.js";
import { boxMesh } from "./box-mesh.js";

const SHA = "0123456789abcdef".repeat(4);
const SIDE = 8;

const common = (seed: number) => ({
  ...{ tessera: "0.1.0", digitalSourceType: TRAINED_ALGORITHMIC_MEDIA, device: "onnx-cpu" },
  precision: "f32" as const,
  ...{ model: { name: "tiny", revision: "3", sha256: {} }, seed, index: 0, tokens: { count: 1, sha256: SHA } },
});

export const imageManifestOf = (prompt: string, seed: number): ImageManifest => ({
  kind: "tessera-image-manifest",
  ...common(seed),
  subject: { prompt, style: "plain" },
  edit: null,
  sampling: { guidance: 2, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 },
  decoding: decodingOf(seed % 2 === 0 ? "next-token" : "next-scale"),
  candidates: { count: 1, chosen: 0 },
  picture: { width: SIDE, height: SIDE, upscaled: false, format: "png", rgbaSha256: SHA },
});

const speechManifestOf = (text: string, samples: number): SpeechManifest => ({
  kind: "tessera-speech-manifest",
  ...common(1),
  subject: { text, voice: "slt", speed: 1, loudness: null },
  sampling: { temperature: 1, topP: 1 },
  decoding: { kind: "next-token" },
  sound: { sampleRate: 16_000, samples, format: "wav", pcmSha256: SHA },
});

const meshManifestOf = (prompt: string): MeshManifest => ({
  kind: "tessera-mesh-manifest",
  ...common(1),
  ...{ subject: { prompt, contextSha256: null, textEncoder: null }, depth: 4, size: 1, faces: null },
  sampling: { guidance: 2, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 },
  decoding: { kind: "next-token" },
  mesh: { format: "glb", vertices: 8, faces: 12, sha256: SHA },
});

const maskManifestOf = (prompt: string): MaskManifest => ({
  kind: "tessera-mask-manifest",
  ...common(1),
  ...{ subject: { prompt, imageSha256: SHA }, reading: "hard" as const },
  sampling: { guidance: 1, guidanceUntil: 1, temperature: 0, topK: 0, topP: 1, minP: 0 },
  decoding: { kind: "next-token" },
  mask: { width: SIDE, height: SIDE, area: 16, sha256: SHA },
});

/** Writes `pictures` coloured squares on transparency, a tone, a box and a mask of a picture, each with its manifest. */
export async function writeMixedItems(folder: string, pictures: number, words = "red apple"): Promise<void> {
  await mkdir(join(folder, "deep/er"), { recursive: true });
  const write = async (file: string, bytes: Uint8Array, manifest: object) => {
    await writeFile(join(folder, file), bytes);
    await writeFile(join(folder, `${file}.json`), JSON.stringify(manifest));
  };
  for (let i = 0; i < pictures; i++) {
    const data = Uint8Array.from(
      { length: 4 * SIDE * SIDE },
      (_, k) => [(37 * i) % 256, 90, (91 * i) % 256, k % 64 < 32 ? 255 : 0][k % 4]!,
    );
    const png = await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 4 } })
      .png()
      .toBuffer();
    await write(`picture ${i}.png`, png, imageManifestOf(`${words} ${i % 40}`, i));
  }
  const samples = Float32Array.from({ length: 16_000 }, (_, i) => (0.8 * Math.sin(i / 9) * (16_000 - i)) / 16_000);
  await write(
    "tone.wav",
    wavOf({ samples, sampleRate: 16_000 }),
    speechManifestOf(`${words}, said aloud`, samples.length),
  );
  const faces = boxMesh();
  const colours = Float32Array.from(faces.positions, (p) => 0.2 + 0.7 * p);
  const inside = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE < 4 && i < 4 * SIDE ? 255 : 0));
  const mask = sharp(inside, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png();
  await write("mask.png", await mask.toBuffer(), maskManifestOf(`${words}, found`));
  await write("deep/er/shape.glb", await meshFile({ ...faces, colours }, "glb", null), meshManifestOf(`${words} box`));
}
