import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type GeneratedImage,
  generateImage,
  type ImageModel,
  loadImageModel,
  parseManifest,
  readManifest,
  readMarking,
  TRAINED_ALGORITHMIC_MEDIA,
  VERSION,
  verifyImage,
} from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const PROMPT = 'a <b> & "c" \u0007 🍎';
let model: ImageModel;
let image: GeneratedImage;
beforeAll(async () => {
  await writeTinyImageModel(folder);
  model = await loadImageModel(folder, { device: "reference" });
  const { images } = await generateImage({ model, prompt: PROMPT, seed: 2 ** 53 - 1, firstIndex: 5 });
  image = images[0]!;
});
afterAll(() => model.close());

describe("marking", () => {
  test.each(["png", "webp", "avif", "jpeg"] as const)("every %s says what it is", async (format) => {
    const { images } = await generateImage({ model, prompt: PROMPT, seed: 11, format });
    expect(await readMarking(images[0]!.bytes)).toEqual({
      digitalSourceType: TRAINED_ALGORITHMIC_MEDIA,
      system: "tessera-sdk",
      systemVersion: VERSION,
      model: "tiny 3",
      prompt: PROMPT.replace("\u0007", "\ufffd"), // which XML cannot hold
      seed: 11,
      index: 0,
    });
  });

  test("is a property in the namespace of IPTC, as other software reads it", async () => {
    const { xmp } = await sharp(image.bytes).metadata();
    const packet = xmp!.toString("utf8");
    expect(packet).toContain('xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"');
    expect(packet).toContain(
      `<Iptc4xmpExt:DigitalSourceType>${TRAINED_ALGORITHMIC_MEDIA}</Iptc4xmpExt:DigitalSourceType>`,
    );
  });

  test("a very long prompt is marked by its beginning", async () => {
    const { images } = await generateImage({ model, prompt: "🍎".repeat(40_000), format: "jpeg" });
    expect((await readMarking(images[0]!.bytes))!.prompt).toMatch(/^(🍎){1000}…$/u);
  });

  test("other pictures have none, and what is no picture is refused", async () => {
    const plain = await sharp({ create: { width: 3, height: 5, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    expect(await readMarking(plain)).toBeNull();
    await expect(readMarking(new Uint8Array(7))).rejects.toMatchObject({ code: "argument", argument: "bytes" });
  });
});

describe("save", () => {
  test("writes the file and its manifest, and makes folders", async () => {
    const path = join(folder, "new", "deep", "x.PNG");
    expect(await image.save(path, { manifest: true })).toEqual([path, `${path}.json`]);
    expect(new Uint8Array(await readFile(path))).toEqual(new Uint8Array(image.bytes));
    expect(await readManifest(`${path}.json`)).toEqual(image.manifest);
  });

  test("refuses an ending of another format", async () => {
    await expect(image.save(join(folder, "x.jpg"))).rejects.toMatchObject({ code: "argument", argument: "path" });
  });

  test("reports what cannot be written, and leaves nothing", async () => {
    const blocked = join(folder, "blocked");
    await mkdir(blocked);
    await writeFile(join(blocked, "file"), "");
    await expect(image.save(join(blocked, "file", "x.png"))).rejects.toMatchObject({ code: "output" });
    await mkdir(join(blocked, "y.png"));
    await expect(image.save(join(blocked, "y.png"))).rejects.toMatchObject({ code: "output" });
    expect((await readdir(blocked)).sort()).toEqual(["file", "y.png"]);
  });

  // Root may write everywhere, so this one needs an ordinary user.
  test.skipIf(process.getuid?.() === 0)("reports a folder without permission", async () => {
    const locked = join(folder, "locked");
    await mkdir(locked);
    await chmod(locked, 0o500);
    await expect(image.save(join(locked, "x.png"))).rejects.toMatchObject({ code: "output" });
  });

  // Where a recursive mkdir of Node 20 itself would never return.
  test.skipIf(process.platform !== "linux")("reports a file system that takes no folders", async () => {
    await expect(image.save("/proc/none/deep/x.png")).rejects.toMatchObject({ code: "output" });
  });
});

describe("manifest", () => {
  test("holds everything that made the picture", () => {
    expect(image.manifest).toMatchObject({
      tessera: VERSION,
      digitalSourceType: TRAINED_ALGORITHMIC_MEDIA,
      model: { name: "tiny", revision: "3", sha256: model.sha256 },
      device: "reference",
      precision: "f32",
      subject: { prompt: PROMPT, style: "plain" },
      seed: 2 ** 53 - 1,
      index: 5,
    });
    expect(parseManifest(JSON.parse(JSON.stringify(image.manifest)))).toEqual(image.manifest);
  });

  test("makes the same picture again, alone and in another size", async () => {
    expect(await verifyImage(image.manifest, { model })).toMatchObject({ same: true, differences: [] });
    const { images } = await generateImage({
      model,
      prompt: "red",
      n: 2,
      size: "31x31",
      format: "webp",
      topK: 3,
      seed: 4,
    });
    expect(await verifyImage(images[1]!.manifest, { model })).toMatchObject({ same: true, differences: [] });
  });

  test("keeps the decoding, with its settings", async () => {
    const decoding = { kind: "jacobi", rule: "ratio", window: { least: 2, most: 6 } } as const;
    const { images } = await generateImage({ model, prompt: "red", seed: 4, decoding });
    const { manifest } = images[0]!;
    expect(manifest.decoding).toEqual({
      ...{ kind: "jacobi", rule: "ratio", initialiser: "repeat-vertical" },
      window: { least: 2, most: 6, perGain: 4 },
    });
    expect(parseManifest(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
    expect(await verifyImage(manifest, { model })).toMatchObject({ same: true });
    expect(() => parseManifest({ ...manifest, decoding: { kind: "jacobi", window: -1 } })).toThrow(/window/);
  });

  test("a changed manifest is seen", async () => {
    const other = { ...image.manifest, seed: 3, tessera: "0.0.0" };
    const { same, differences } = await verifyImage(other, { model });
    expect(same).toBe(false);
    expect(differences).toEqual([`version: was 0.0.0, is ${VERSION}`, "tokens", "pixels"]);
  });

  test("a manifest of another model is refused", async () => {
    const other = { ...image.manifest, model: { ...image.manifest.model, name: "huge" } };
    await expect(verifyImage(other, { model })).rejects.toMatchObject({ code: "argument", argument: "model" });
  });

  test.each<[string, unknown]>([
    ["array", []],
    ["kind", { kind: "x" }],
    ["seed", { seed: -1 }],
    ["stray", { colour: "red" }],
    ["digest", { tokens: { count: 25, sha256: "no" } }],
    ["format", { picture: { width: 1, height: 1, format: "__proto__", rgbaSha256: "0".repeat(64) } }],
  ])("hostile JSON (%s) is an ArgumentError", (_, change) => {
    const json = Array.isArray(change) ? change : { ...image.manifest, ...(change as object) };
    expect(() => parseManifest(json)).toThrowError(expect.objectContaining({ code: "argument" }));
  });

  test("files that are not there or no JSON are InputErrors", async () => {
    await expect(readManifest(join(folder, "none.json"))).rejects.toMatchObject({ code: "input" });
    await expect(readManifest(join(folder, "tokenizer.safetensors"))).rejects.toMatchObject({ code: "input" });
  });
});
