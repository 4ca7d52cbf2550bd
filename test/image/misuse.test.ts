/** Plain wrong values, as callers without types pass them: each gets an error of this library, never one of its insides. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  editImage,
  type GeneratedImage,
  generateImage,
  type ImageModel,
  loadImageModel,
  parseManifest,
  readManifest,
  readMarking,
  saveFrames,
  streamEdit,
  streamImage,
  TesseraError,
  verifyImage,
} from "../../src/index.js";
import { boxMask } from "../../src/tokenizers/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const isOurs = (error: unknown): boolean => TesseraError.isInstance(error);
let model: ImageModel;
let image: GeneratedImage;
beforeAll(async () => {
  await writeTinyImageModel(join(folder, "model"));
  model = await loadImageModel(join(folder, "model"), { device: "reference" });
  image = (await generateImage({ model, prompt: "red" })).images[0]!;
});
afterAll(() => model.close());

const WRONG: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["a number", 5],
  ["NaN", Number.NaN],
  ["a bigint", 5n],
  ["true", true],
  ["an empty text", ""],
  ["a text", "x\u001b[31m"],
  ["a text with a zero byte", "\0"],
  ["a symbol", Symbol("x")],
  ["a function", () => {}],
  ["an empty array", []],
  ["an array", [1, "2", null]],
  ["an empty object", {}],
  ["an object without a prototype", Object.create(null)],
  ["a URL", new URL("file:///x.png")],
  ["a date", new Date(0)],
  ["no bytes", new Uint8Array()],
  ["bytes", new Uint8Array([1, 2, 3])],
  ["detached bytes", detached()],
  ["a promise", Promise.resolve(1)],
];

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Every place where a wrong value can be put. What a value is right for is not tried: it would not be wrong. */
const PLACES: Readonly<Record<string, { readonly call: (value: never) => unknown; readonly right?: RegExp }>> = {
  "generateImage(x)": { call: (x) => generateImage(x) },
  "streamImage(x)": { call: (x) => streamImage(x).next() },
  "generateImage({ model: x })": { call: (x) => generateImage({ model: x, prompt: "red" }) },
  "generateImage({ prompt: x })": {
    call: (x) => generateImage({ model, prompt: x }),
    right: /text/,
  },
  ...Object.fromEntries(
    ["style", "seed", "firstIndex", "format", "size", "decoding", "guidance", "topK", "signal"].map((name) => [
      `generateImage({ ${name}: x })`,
      {
        call: (x: never) => generateImage({ model, prompt: "red", n: 0, [name]: x }), // n: 0 is refused where x is right
      },
    ]),
  ),
  "editImage(x)": { call: (x) => editImage(x) },
  "streamEdit(x)": { call: (x) => streamEdit(x).next() },
  "editImage({ image: x })": { call: (x) => editImage({ model, image: x, mask: image, prompt: "red" }) },
  "editImage({ mask: x })": { call: (x) => editImage({ model, image, mask: x, prompt: "red" }) },
  "editImage({ seam: x })": { call: (x) => editImage({ model, image, mask: "", prompt: "red", seam: x }) },
  "loadImageModel(x)": { call: (x) => loadImageModel(x) },
  "loadImageModel(_, x)": { call: (x) => loadImageModel(join(folder, "none"), x) },
  "loadImageModel(_, { engine: x })": {
    call: (x) => loadImageModel(join(folder, "none"), { engine: x }),
  },
  "loadImageModel({ transformer: x })": {
    call: (x) => loadImageModel({ transformer: x, tokenizer: "t", config: "var-d16" }),
  },
  "loadImageModel({ config: x })": { call: (x) => loadImageModel({ transformer: "a", tokenizer: "b", config: x }) },
  "image.save(x)": { call: (x) => image.save(x) },
  "image.save(_, x)": { call: (x) => image.save(join(folder, "x.gif"), x) },
  "image.save(_, { manifest: x })": { call: (x) => image.save(join(folder, "x.gif"), { manifest: x }) },
  "saveFrames(x)": { call: (x) => saveFrames(x, []) },
  "saveFrames(_, x)": { call: (x) => saveFrames(join(folder, "x.webp"), x) },
  "saveFrames(_, [x])": { call: (x) => saveFrames(join(folder, "x.webp"), [x]) },
  "saveFrames(_, _, { marking: x })": { call: (x) => saveFrames(join(folder, "x.webp"), [], { marking: x }) },
  "readMarking(x)": { call: (x) => readMarking(x) },
  "readManifest(x)": { call: (x) => readManifest(x) },
  "parseManifest(x)": { call: (x) => parseManifest(x) },
  "verifyImage(x)": { call: (x) => verifyImage(x, { model }) },
  "verifyImage(_, x)": { call: (x) => verifyImage(image.manifest, x) },
  "verifyImage(_, { model: x })": { call: (x) => verifyImage(image.manifest, { model: x }) },
  "boxMask(x)": { call: (x) => boxMask(x, [2, 2], "in") },
};

describe.each(Object.entries(PLACES))("%s", (_, { call, right }) => {
  test.each(WRONG.filter(([name]) => !right?.test(name)))("with %s", async (_, value) => {
    const error: unknown = await (async () => call(value as never))().then(
      (result) => result,
      (error: unknown) => error,
    );
    expect(error).toSatisfy(isOurs);
    const { message, remedy } = error as TesseraError;
    expect(message).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(remedy).not.toBe("");
  });
});

test("nothing at all", async () => {
  const calls: (() => Promise<unknown>)[] = [
    () => (generateImage as () => Promise<unknown>)(),
    () => (editImage as () => Promise<unknown>)(),
    () => (saveFrames as () => Promise<unknown>)(),
    () => (readMarking as () => Promise<unknown>)(),
    () => (readManifest as () => Promise<unknown>)(),
    () => (verifyImage as () => Promise<unknown>)(),
    () => (verifyImage as unknown as (manifest: unknown) => Promise<unknown>)(image.manifest),
    () => (image.save as () => Promise<unknown>)(),
  ];
  for (const call of calls) await expect(call()).rejects.toSatisfy(isOurs);
});

test("an unknown option names the nearest", async () => {
  await expect(generateImage({ model, promt: "red" } as never)).rejects.toMatchObject({
    ...{ code: "argument", argument: "options.promt", remedy: expect.stringMatching(/^Did you mean "prompt"\?/) },
  });
  await expect(generateImage({ model, prompt: "red", style: "rond" })).rejects.toThrow(/Did you mean "round"\?/);
  await expect(generateImage({ model, prompt: "red", decoding: "next-tokn" as never })).rejects.toThrow(/"next-token"/);
  await expect(loadImageModel("tessera-icns")).rejects.toThrow(/Did you mean "tessera-icons"\?/);
  await expect(loadImageModel(join(folder, "model"), { device: "cpuu" as never })).rejects.toThrow(/"cpu"/);
});

test("a manifest that is no JSON, or a folder, says so", async () => {
  const path = join(folder, "x.json");
  await writeFile(path, "{");
  await expect(readManifest(path)).rejects.toMatchObject({ code: "input", path, reason: "it is not JSON" });
  await expect(readManifest(folder)).rejects.toMatchObject({
    code: "input",
    reason: expect.stringContaining("folder"),
  });
  await expect(readManifest(join(folder, "none"))).rejects.toMatchObject({
    ...{ code: "input", reason: expect.stringContaining("file not found") },
    cause: expect.objectContaining({ code: "ENOENT" }),
  });
});
