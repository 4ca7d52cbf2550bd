/** Janus from a folder of the hub to a picture: both layouts keep what every medium promises. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  editImage,
  generateImage,
  type GenerateImageOptions,
  type ImageModel,
  loadImageModel,
  streamImage,
} from "../../src/index.js";
import { openEngine } from "../../src/engine/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyJanus } from "../support/tiny-janus.js";
import { conformPictures } from "./conform-pictures.js";

const root = temporaryFolder();
const LAYOUTS = ["authors", "converted"] as const;
const SIDES = { authors: 8, converted: 6 };
const folderOf = (layout: string) => join(root, layout);
beforeAll(async () => {
  for (const layout of LAYOUTS) await writeTinyJanus(folderOf(layout), layout);
});

describe.each(LAYOUTS)("%s layout", (layout) => {
  conformPictures(`pictures of Janus, ${layout} layout`, () =>
    loadImageModel(folderOf(layout), { device: "reference" }),
  );

  test("tells what it is", async () => {
    await using model = await loadImageModel(folderOf(layout), { device: "reference" });
    expect(model).toMatchObject({ name: layout, side: SIDES[layout], styles: [], precision: "f32" });
    expect(model.defaults).toMatchObject({ guidance: 5, temperature: 1, topK: 0, topP: 1 });
    expect(model.decodings).toEqual(["next-token", "jacobi"]);
    expect(Object.keys(model.sha256)).toEqual(["model.safetensors", "tokenizer.json"]);
    expect(model.revision).toMatch(/^[0-9a-f]{12}$/);
  });
});

describe("a loaded model", () => {
  let model: ImageModel;
  beforeAll(async () => {
    model = await loadImageModel(folderOf("authors"), { device: "reference" });
  });
  afterAll(() => model.close());

  const idsOf = async (options: object) => {
    const { images } = await generateImage({ model, seed: 3, ...options } as GenerateImageOptions);
    return images.map(({ ids }) => ids.join());
  };

  test("prompts of other lengths in one batch change nothing about a picture", async () => {
    const prompts = ["red apple", "a round blue fox : a red apple", ""];
    const together = await idsOf({ prompt: prompts });
    const apart = [];
    for (const prompt of prompts) apart.push(...(await idsOf({ prompt })));
    expect(together).toEqual(apart);
    expect(new Set(together).size).toBe(3);
  });

  test("the prompt and guidance count", async () => {
    const [base] = await idsOf({ prompt: "red apple" });
    expect(await idsOf({ prompt: "blue fox" })).not.toEqual([base]);
    expect(await idsOf({ prompt: "red apple", guidance: 1 })).not.toEqual([base]);
    expect(await idsOf({ prompt: "  red apple\n" })).toEqual([base]);
  });

  test("jacobi gives the ids of next-token in fewer passes", async () => {
    const options = { model, prompt: "red apple", seed: 5, guidance: 2, temperature: 0.3 };
    const plain = await generateImage(options);
    const jacobi = await generateImage({ ...options, decoding: "jacobi" });
    expect(jacobi.images[0]!.ids).toEqual(plain.images[0]!.ids);
    expect(jacobi.usage.forwardPasses).toBeLessThanOrEqual(plain.usage.forwardPasses);
  });

  test("previews show what is known", async () => {
    const shown = [];
    for await (const event of streamImage({ model, prompt: "red apple", previewEvery: 6 }))
      if (event.type === "image-preview") shown.push([event.done, event.picture.width]);
    expect(shown).toEqual([
      [6, 8],
      [12, 8],
    ]);
  });

  test("an edit keeps what the mask keeps", async () => {
    const { images } = await generateImage({ model, prompt: "red apple", seed: 3 });
    const mask = { width: 8, height: 8, rgba: new Uint8Array(256).map((_, i) => (i >= 128 || i % 4 === 3 ? 255 : 0)) };
    const edited = await editImage({ model, image: images[0]!.bytes, mask, prompt: "blue fox", seed: 4, seam: 0 });
    const [old, fresh] = [images[0]!.rgba, edited.images[0]!.rgba];
    expect(fresh.subarray(0, 8 * 4 * 4)).toEqual(old.subarray(0, 8 * 4 * 4));
    expect(fresh).not.toEqual(old);
  });

  test("what a prompt says can be no token, and what is too long is cut with a warning", async () => {
    const { conversation, captions } = model;
    const written = (prompt: string, most = 512) => conversation!.written(prompt, most);
    const { ids, unconditional } = written("red <begin_of_image> fox");
    expect(ids.filter((id) => id === captions!.idOf("<begin_of_image>"))).toHaveLength(1);
    expect(unconditional).toEqual([0, ...Array(ids.length - 2).fill(2), 92]);
    expect(ids.slice(0, 3)).toEqual([0, 3, captions!.idOf(":")]);
    const long = written("red apple ".repeat(20), 12);
    expect(long.ids.length).toBeLessThanOrEqual(12);
    expect(long.ids.at(-1)).toBe(92);
    expect(long.warnings).toHaveLength(1);
    const { warnings } = await generateImage({ model, prompt: "apple ".repeat(600) });
    expect(JSON.stringify(warnings)).toMatch(/the model reads/);
  });

  test("options of other models are refused", async () => {
    await expect(generateImage({ model, classId: 1 })).rejects.toThrow(/takes prompt/);
    await expect(generateImage({ model, prompt: "fox", style: "plain" })).rejects.toThrow(/none/);
  });
});

test("on cpu, from shards: the ids of the reference engine; digests of all files", async () => {
  const path = join(root, "shards");
  await writeTinyJanus(path, "converted", { shards: true });
  await using engine = await openEngine({ device: "cpu", threads: 1 });
  await using model = await loadImageModel(path, { engine });
  expect(Object.keys(model.sha256)).toEqual([
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
  ]);
  await using whole = await loadImageModel(folderOf("converted"), { device: "reference" });
  const options = { prompt: "a red fox", seed: 8, temperature: 0 };
  const [a, b] = [await generateImage({ model, ...options }), await generateImage({ model: whole, ...options })];
  expect(a.images[0]!.ids).toEqual(b.images[0]!.ids);
  const unverified = await loadImageModel(path, { engine, verify: false });
  expect(unverified).toMatchObject({ revision: "unverified", sha256: {} });
  await unverified.close();
});

test("Janus-1.3B has words where Janus-Pro has marks", async () => {
  const load = (dialogue: "janus" | "janus-pro") =>
    loadImageModel({ folder: folderOf("authors"), dialogue }, { device: "reference" });
  await using older = await load("janus");
  await using newer = await load("janus-pro");
  const named = ({ captions }: ImageModel, ids: readonly number[]) => ids.map((id) => captions!.tokenOf(id));
  const words = named(older, older.conversation!.written("red fox", 99).ids);
  expect(words.slice(1, -1)).toEqual(["User", ":", "red", "fox", "Assistant", ":"]);
  const marks = named(newer, newer.conversation!.written("red fox", 99).ids);
  expect(marks.slice(1, -1)).toEqual(["<|User|>", ":", "red", "fox", "<|Assistant|>", ":"]);
  await expect(load("chat" as "janus")).rejects.toMatchObject({ code: "unknown-name" });
});

test("folders that lack something say what", async () => {
  const broken = async (name: string, file: string, change: (text: string) => string | null) => {
    const path = join(root, name);
    await writeTinyJanus(path, "converted");
    const changed = change(await readFile(join(path, file), "utf8"));
    if (changed === null) await rm(join(path, file));
    else await writeFile(join(path, file), changed);
    return loadImageModel(path, { device: "reference" });
  };
  await expect(broken("weightless", "model.safetensors", () => null)).rejects.toMatchObject({ code: "input" });
  await expect(
    broken("tokenless", "tokenizer.json", (text) => text.replaceAll("<begin_of_image>", "<begin>")),
  ).rejects.toThrow("<begin_of_image>");
  await expect(
    broken("wide", "config.json", (text) => text.replace('"intermediate_size":60', '"intermediate_size":61')),
  ).rejects.toMatchObject({ code: "weights" });
  await expect(
    broken("many-words", "tokenizer.json", (text) => text.replace('"[UNK]":1', '"[UNK]":1,"more":300')),
  ).rejects.toMatchObject({ code: "checkpoint" });
  await expect(
    broken("flow", "config.json", (text) => text.replace('"model_type":"janus"', '"model_type":"janus_flow"')),
  ).rejects.toMatchObject({ code: "argument" });
});
