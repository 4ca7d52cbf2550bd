/** Post steps, each on an item that is known exactly. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import {
  loudnessOf,
  readAudio,
  type Mesh,
  meshFile,
  parseMesh,
  type Picture,
  pictureFile,
  readMarking,
  speechFile,
  topologyOf,
} from "../../src/index.js";
import { finish, type Step } from "../../src/pipeline/finish.js";
import type { ItemManifest } from "../../src/pipeline/kinds/kind.js";
import type { MediumName } from "../../src/pipeline/media/index.js";
import { markingFor } from "../../src/pipeline/media/medium.js";

const MANIFEST: ItemManifest = {
  ...{ kind: "tessera-image-manifest", tessera: "0.1.0", model: { name: "tiny", revision: "3" } },
  ...{ device: "cpu", precision: "f32", seed: 7, index: 2, tokens: { sha256: "0".repeat(64) } },
  ...{ subject: { prompt: "red" }, picture: { format: "png" }, sound: { format: "wav" }, mesh: { format: "glb" } },
};
const MARK = markingFor(MANIFEST);

const finished = async (medium: MediumName, bytes: Uint8Array, ...steps: Step[]) =>
  finish({ medium, steps, manifests: "beside" }, { bytes, manifest: MANIFEST });

const step = (name: string, options: unknown): Step => ({ name, options });

/** 11 x 7, transparent but for a red square of 3 x 3 at (5, 2). */
const picture = (): Picture => {
  const data = new Uint8Array(4 * 11 * 7);
  for (let y = 2; y < 5; y++) for (let x = 5; x < 8; x++) data.set([255, 0, 0, 255], 4 * (11 * y + x));
  return { width: 11, height: 7, data };
};
const png = () => pictureFile(picture(), "png", MARK);
const rawOf = (bytes: Uint8Array) => sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });

describe("pictures", () => {
  test("without steps the file is the item itself, with its manifest beside it", async () => {
    const own = await png();
    const files = await finished("picture", own);
    expect(files.map(({ suffix }) => suffix)).toEqual([".png", ".png.json"]);
    expect(Buffer.compare(files[0]!.bytes, own)).toBe(0);
    expect(JSON.parse(Buffer.from(files[1]!.bytes).toString())).toEqual(MANIFEST);
  });

  test("formats: each is marked, and its manifest names it", async () => {
    const files = await finished("picture", await png(), step("formats", ["webp", "png", "webp"]));
    expect(files.map(({ suffix }) => suffix)).toEqual([".webp", ".png", ".webp.json", ".png.json"]);
    expect(await readMarking(files[0]!.bytes)).toEqual(MARK);
    expect(JSON.parse(Buffer.from(files[2]!.bytes).toString())).toMatchObject({ picture: { format: "webp" } });
  });

  test("trim: what is seen, and its padding; no manifest, as the pixels are no longer the model's", async () => {
    const files = await finished("picture", await png(), step("trim", { threshold: 0, padding: 1 }));
    expect(files.map(({ suffix }) => suffix)).toEqual([".png"]);
    const { data, info } = await rawOf(files[0]!.bytes);
    expect([info.width, info.height]).toEqual([5, 5]);
    expect([...data].filter((_, i) => i % 4 === 3)).toEqual(
      [0, 1, 2, 3, 4].flatMap((y) => [0, 1, 2, 3, 4].map((x) => (x > 0 && x < 4 && y > 0 && y < 4 ? 255 : 0))),
    );
    expect(await readMarking(files[0]!.bytes)).toEqual(MARK);
  });

  test("resize: whole in a square; nearest keeps pixels", async () => {
    const trim = step("trim", { threshold: 0, padding: 0 });
    const [square] = await finished("picture", await png(), step("resize", 22));
    expect((await rawOf(square!.bytes)).info).toMatchObject({ width: 22, height: 22 });
    const nearest = { width: 6, height: 3, fit: "contain", kernel: "nearest" };
    const [wide] = await finished("picture", await png(), trim, step("resize", nearest));
    const { data } = await rawOf(wide!.bytes);
    expect([...data.subarray(0, 24)]).toEqual([
      ...Array(4).fill(0),
      ...Array(3).fill([255, 0, 0, 255]).flat(),
      ...Array(8).fill(0),
    ]);
  });

  test("icons: tables of contents that lead to pictures of the sizes they state", async () => {
    const options = { ico: [16, 256], icns: true, png: [48] };
    const files = await finished("picture", await png(), step("icons", options));
    expect(files.map(({ suffix }) => suffix)).toEqual([".ico", ".icns", "-48.png"]);
    const ico = Buffer.from(files[0]!.bytes);
    expect([ico.readUInt16LE(0), ico.readUInt16LE(2), ico.readUInt16LE(4)]).toEqual([0, 1, 2]);
    for (const [entry, side] of [16, 256].entries()) {
      const at = 6 + 16 * entry;
      expect([ico[at], ico[at + 1], ico.readUInt16LE(at + 6)]).toEqual([side % 256, side % 256, 32]);
      const file = ico.subarray(ico.readUInt32LE(at + 12), ico.readUInt32LE(at + 12) + ico.readUInt32LE(at + 8));
      expect((await rawOf(file)).info).toMatchObject({ width: side, height: side });
    }
    const icns = Buffer.from(files[1]!.bytes);
    expect(icns.toString("latin1", 0, 4)).toBe("icns");
    expect(icns.readUInt32BE(4)).toBe(icns.length);
    const sides: Record<string, number> = {};
    for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
      const file = icns.subarray(at + 8, at + icns.readUInt32BE(at + 4));
      sides[icns.toString("latin1", at, at + 4)] = (await rawOf(file)).info.width;
    }
    expect(sides).toEqual({ ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 });
  });
});

describe("sounds", () => {
  const RATE = 16_000;
  const sine = (seconds: number, amplitude: number) =>
    Float32Array.from({ length: seconds * RATE }, (_, i) => amplitude * Math.sin((2 * Math.PI * 997 * i) / RATE));

  test("loudness and trim: at the target, cut to what is heard; the manifest goes", async () => {
    const samples = new Float32Array(3 * RATE);
    samples.set(sine(1, 0.05), RATE);
    const wav = await speechFile({ samples, sampleRate: RATE }, "wav", MARK);
    const trim = step("trim", { below: 60, margin: 0 });
    const files = await finished("sound", wav, trim, step("loudness", -20), step("formats", "wav"));
    expect(files.map(({ suffix }) => suffix)).toEqual([".wav"]);
    const sound = await readAudio(files[0]!.bytes);
    expect(Math.abs(sound.samples.length / RATE - 1)).toBeLessThan(0.1);
    expect(loudnessOf(sound).integrated).toBeCloseTo(-20, 0);
  });

  test("the peak is not exceeded: the sound stays quieter instead", async () => {
    const wav = await speechFile({ samples: sine(1, 0.5), sampleRate: RATE }, "wav", MARK);
    const [file] = await finished("sound", wav, step("loudness", { target: -5, mostPeak: -6 }));
    expect(loudnessOf(await readAudio(file!.bytes)).truePeak).toBeCloseTo(-6, 1);
  });

  test("silence stays silence", async () => {
    const wav = await speechFile({ samples: new Float32Array(RATE), sampleRate: RATE }, "wav", MARK);
    const [file] = await finished("sound", wav, step("trim", { below: 60, margin: 0 }), step("loudness", -20));
    expect((await readAudio(file!.bytes)).samples.every((sample) => sample === 0)).toBe(true);
  });
});

describe("meshes", () => {
  /** A sphere of triangles: an octahedron whose faces are split three times. */
  const sphere = (): Mesh => {
    const points: number[][] = [
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
      [0, 0, 1],
      [0, 0, -1],
    ];
    let faces = [
      [0, 2, 4],
      [2, 1, 4],
      [1, 3, 4],
      [3, 0, 4],
      [2, 0, 5],
      [1, 2, 5],
      [3, 1, 5],
      [0, 3, 5],
    ];
    const middles = new Map<string, number>();
    const middle = (a: number, b: number): number => {
      const key = [a, b].sort().join();
      if (!middles.has(key)) {
        const sum = points[a]!.map((x, i) => x + points[b]![i]!);
        middles.set(key, points.push(sum.map((x) => x / Math.hypot(...sum))) - 1);
      }
      return middles.get(key)!;
    };
    for (let round = 0; round < 3; round++)
      faces = faces.flatMap(([a, b, c]) => {
        const [d, e, f] = [middle(a!, b!), middle(b!, c!), middle(c!, a!)];
        return [
          [a!, d, f],
          [d, b!, e],
          [f, e, c!],
          [d, e, f],
        ];
      });
    return { positions: Float32Array.from(points.flat()), faces: Uint32Array.from(faces.flat()) };
  };
  const glb = () => meshFile(sphere(), "glb", MARK);

  test("faces: fewer, and still closed", async () => {
    const [file] = await finished("mesh", await glb(), step("faces", 100));
    const mesh = await parseMesh(file!.bytes, "glb");
    expect(mesh.faces.length / 3).toBeLessThanOrEqual(150);
    expect(topologyOf(mesh)).toMatchObject({ closed: true, manifold: true });
  });

  test("lods: each coarser than the one before; the first is the mesh itself", async () => {
    const files = await finished("mesh", await glb(), step("lods", [200, 60]), step("formats", ["glb", "stl"]));
    expect(files.map(({ suffix }) => suffix)).toEqual([
      ...["-lod0.glb", "-lod1.glb", "-lod2.glb", ".glb", ".stl", ".glb.json", ".stl.json"],
    ]);
    const counts = await Promise.all(
      files.slice(0, 3).map(async ({ bytes }) => (await parseMesh(bytes, "glb")).faces.length / 3),
    );
    expect(counts[0]).toBe(512);
    expect(counts[0]).toBeGreaterThan(counts[1]!);
    expect(counts[1]).toBeGreaterThan(counts[2]!);
  });
});

test("texts are written as they are", async () => {
  const files = await finished("text", Buffer.from("Grün."), step("formats", ["txt", "md"]));
  expect(files.map(({ suffix, bytes }) => [suffix, Buffer.from(bytes).toString()]).slice(0, 2)).toEqual([
    [".txt", "Grün."],
    [".md", "Grün."],
  ]);
});
