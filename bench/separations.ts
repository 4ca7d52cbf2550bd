/**
 * npm run bench -- separations: what the matchers of tessera-sdk/testing measure of small changes and of numeric noise between devices, beside their
 * tolerances, as tables of Markdown. Speech and meshes are of the default models where the package has them; else of tiny
 * random ones, which have the same numerics.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import {
  DEFAULT_MESH_MODEL,
  DEFAULT_SPEECH_MODEL,
  EMBEDDED_MODELS,
  type GeneratedImage,
  generateImage,
  generateMesh,
  generateSpeech,
  loadImageModel,
  loadMeshModel,
  loadSpeechModel,
  type LoadSettings,
  type Mesh,
  type Sound,
} from "../src/index.js";
import type { Picture } from "../src/tokenizers/index.js";
import { type Comparison, compareImages, compareMeshes, compareSounds, TOLERANCES } from "../src/testing/compare.js";
import { writeTinyMeshModel } from "../test/support/tiny-mesh-model.js";
import { tinySpeechModel } from "../test/support/tiny-speech-model.js";

/** A change, and the value that it makes of the expected one. */
type Row<Value> = readonly [what: string, received: Value];

const CPU = { device: "cpu", precision: "f32" } as const satisfies Partial<LoadSettings>;
const WASM = { device: "tensorflow-wasm", precision: "f32" } as const satisfies Partial<LoadSettings>;
const Q8 = { device: "cpu", precision: "q8" } as const satisfies Partial<LoadSettings>;

export async function separations(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-"));
  try {
    await pictures();
    await sounds(folder);
    await meshes(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pictures(): Promise<void> {
  const drawn = async (settings: Partial<LoadSettings>): Promise<GeneratedImage> => {
    const model = await loadImageModel("tessera-icons", settings);
    const { images } = await generateImage({ model, prompt: "red apple", seed: 7 });
    await model.close();
    return images[0]!;
  };
  const image = await drawn(CPU);
  const pictureOf = ({ width, height, rgba }: GeneratedImage): Picture => ({ width, height, data: rgba });
  const expected = pictureOf(image);
  const avif = await sharp(expected.data as Uint8Array, { raw: { width: 128, height: 128, channels: 4 } })
    .avif({ quality: 70 })
    .toBuffer();
  const { data } = await sharp(avif).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  table("Pictures", TOLERANCES.image, (received: Picture) => compareImages(expected, received), [
    ["the same on tensorflow-wasm, f32", pictureOf(await drawn(WASM))],
    ["the same by 1 thread, f32", pictureOf(await drawn({ ...CPU, threads: 1 }))],
    ["shifted by one pixel", shifted(expected)],
    ["hue turned by 7 degrees, 2 % of the circle", await turned(expected, 7)],
    ["2 % less opaque", changed(expected, (value, channel) => (channel === 3 ? value * 0.98 : value))],
    ["saved as AVIF, quality 70", { ...expected, data }],
    ["drawn with q8 weights, same seed", pictureOf(await drawn(Q8))],
  ]);
}

/** One pixel to the right; the first column repeats. */
function shifted({ width, height, data }: Picture): Picture {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < width * height; i++)
    out.set(data.subarray(4 * (i % width === 0 ? i : i - 1), 4 * (i % width === 0 ? i : i - 1) + 4), 4 * i);
  return { width, height, data: out };
}

async function turned({ width, height, data }: Picture, degrees: number): Promise<Picture> {
  const image = sharp(data as Uint8Array, { raw: { width, height, channels: 4 } }).modulate({ hue: degrees });
  return { width, height, data: new Uint8Array(await image.raw().toBuffer()) };
}

const changed = ({ width, height, data }: Picture, change: (value: number, channel: number) => number): Picture => ({
  ...{ width, height },
  data: Uint8Array.from(data, (value, i) => Math.round(change(value, i % 4))),
});

async function sounds(folder: string): Promise<void> {
  const name = isEmbedded(DEFAULT_SPEECH_MODEL) ? DEFAULT_SPEECH_MODEL : await tinySpeechModel(folder);
  const spoken = async (settings: Partial<LoadSettings>): Promise<Sound> => {
    const model = await loadSpeechModel(name, settings);
    const { speeches } = await generateSpeech({ model, text: "Hello world, hello.", seed: 7 });
    await model.close();
    return speeches[0]!;
  };
  const expected = await spoken(CPU);
  const gain = 10 ** (1 / 20);
  const { samples, sampleRate } = expected;
  const late = Math.round(0.005 * sampleRate);
  table("Speech", TOLERANCES.audio, (received: Sound) => compareSounds(expected, received), [
    ["the same on tensorflow-wasm, f32", await spoken(WASM)],
    ["the same by 1 thread, f32", await spoken({ ...CPU, threads: 1 })],
    ["1 dB louder", { samples: samples.map((x) => x * gain), sampleRate }],
    ["1 dB louder above 2 kHz", { samples: shelved(samples, sampleRate, 2000, gain), sampleRate }],
    ["5 ms late", { samples: samples.map((_, i) => (i < late ? 0 : samples[i - late]!)), sampleRate }],
  ]);
}

/** More of what lies above a frequency: the sound and a share of it after a first-order high pass. */
function shelved(samples: Float32Array, sampleRate: number, hz: number, gain: number): Float32Array {
  const pull = Math.exp((-2 * Math.PI * hz) / sampleRate);
  let low = 0;
  return samples.map((x) => {
    low = pull * low + (1 - pull) * x;
    return x + (gain - 1) * (x - low);
  });
}

async function meshes(folder: string): Promise<void> {
  const name = isEmbedded(DEFAULT_MESH_MODEL) ? DEFAULT_MESH_MODEL : join(folder, "mesh");
  if (name !== DEFAULT_MESH_MODEL) await writeTinyMeshModel(name);
  const shaped = async (settings: Partial<LoadSettings>): Promise<Mesh> => {
    const model = await loadMeshModel(name, settings);
    const { meshes } = await generateMesh({ model, prompt: "a round table", seed: 7 });
    await model.close();
    return meshes[0]!.mesh;
  };
  const expected = await shaped(CPU);
  const { positions, faces } = expected;
  const first = faces.slice();
  first.set([faces[1]!, faces[0]!], 0);
  const moved = positions.slice();
  moved[0]! += 0.005 * diagonalOf(positions);
  table("Meshes", TOLERANCES.mesh, (received: Mesh) => compareMeshes(expected, received), [
    ["the same on tensorflow-wasm, f32", await shaped(WASM)],
    ["the same by 1 thread, f32", await shaped({ ...CPU, threads: 1 })],
    ["one triangle flipped", { ...expected, faces: first }],
    ["one triangle missing", { ...expected, faces: faces.slice(3) }],
    ["one vertex moved by 0.5 % of the diagonal", { ...expected, positions: moved }],
    ["colours 2 % darker", { ...expected, colours: (expected.colours ?? positions.map(() => 1)).map((c) => 0.98 * c) }],
  ]);
}

const isEmbedded = (name: string): boolean => Object.hasOwn(EMBEDDED_MODELS, name);

function diagonalOf(positions: Float32Array): number {
  const axis = (k: number) => positions.filter((_, i) => i % 3 === k);
  const spans = [0, 1, 2].map(
    (k) => axis(k).reduce((a, b) => Math.max(a, b)) - axis(k).reduce((a, b) => Math.min(a, b)),
  );
  return Math.hypot(...spans);
}

/** Prints a table of Markdown: a row per change, a column per measure, and whether the matcher calls it the same. */
function table<Value, Name extends string>(
  title: string,
  tolerance: Readonly<Record<Name, number>>,
  compare: (received: Value) => Comparison<Name>,
  rows: readonly Row<Value>[],
): void {
  const names = Object.keys(tolerance) as Name[];
  const number = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "∞");
  console.log(`| ${title} | ${names.join(" | ")} | |`);
  console.log(`|---|${names.map(() => "---|").join("")}---|`);
  console.log(`| *tolerance* | ${names.map((name) => number(tolerance[name])).join(" | ")} | |`);
  for (const [what, received] of rows) {
    const { mismatch, measures } = compare(received);
    const cells = names.map((name) => number(measures.find((measure) => measure.name === name)?.value ?? NaN));
    const same =
      mismatch === null &&
      measures.every(({ name, value, better }) =>
        better === "higher" ? value >= tolerance[name] : value <= tolerance[name],
      );
    console.log(`| ${what} | ${cells.join(" | ")} | ${same ? "same" : "**differs**"} |`);
  }
  console.log();
}
