/** Whole runs: what is made, what is kept, and where nothing may be written. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readManifest, verifyImage, loadImageModel } from "../../src/index.js";
import { type AssetsEvent, type AssetsOptions, makeAssets, streamAssets } from "../../src/pipeline/index.js";
import { sha256 } from "../../src/base/digest.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { writeTinyMeshModel } from "../support/tiny-mesh-model.js";
import { tinySpeechModel } from "../support/tiny-speech-model.js";
import { writeTinyTextModel } from "../support/tiny-text-model.js";
import { treeOf } from "../support/tree.js";

const root = temporaryFolder();
beforeAll(async () => {
  await writeTinyImageModel(join(root, "images"));
  await writeTinyMeshModel(join(root, "shapes"));
  await mkdir(join(root, "outside"));
  await mkdir(join(root, "voice"));
  await tinySpeechModel(join(root, "voice"));
  await writeTinyTextModel(join(root, "words"));
});

const IMAGE = "{ model: ../images, device: reference }";

/** A folder with that manifest. */
async function project(name: string, manifest: string): Promise<string> {
  await mkdir(join(root, name), { recursive: true });
  await writeFile(join(root, name, "assets.yaml"), manifest);
  return join(root, name);
}

const made = (folder: string, options: Partial<AssetsOptions> = {}) =>
  makeAssets({ manifest: join(folder, "assets.yaml"), ...options });

describe("one run after the other", () => {
  const FRUIT = (post: string) => `
defaults: { image: ${IMAGE} }
assets:
  fruit: { kind: image, prompt: [red, apple], count: 2, post: ${post} }
sheets:
  all: { assets: [fruit] }
`;

  test("the first makes all; the second keeps all, and opens no model", async () => {
    const folder = await project("twice", FRUIT("[{ resize: 10 }]"));
    expect((await made(folder)).counts).toEqual({ kept: 0, restored: 0, finished: 0, made: 5, failed: 0 });
    const tree = treeOf(folder, /^\.tessera/);
    const names = ["red-0", "red-1", "apple-0", "apple-1"].map((name) => `assets/fruit/${name}.png`);
    expect(Object.keys(tree)).toEqual(
      ["assets.lock.json", "assets.yaml", "assets/all.json", "assets/all.png", ...names].sort(),
    );
    await rename(join(root, "images/transformer.safetensors"), join(root, "images/away"));
    try {
      expect((await made(folder)).counts).toEqual({ kept: 5, restored: 0, finished: 0, made: 0, failed: 0 });
      await writeFile(join(folder, "assets.yaml"), FRUIT("[{ resize: 12 }]"));
      expect((await made(folder)).counts, "other post steps").toMatchObject({ finished: 4, made: 1 });
      await writeFile(join(folder, "assets.yaml"), FRUIT("[{ resize: 10 }]"));
      expect((await made(folder)).counts, "as before").toMatchObject({ restored: 5, finished: 0 });
      expect(treeOf(folder, /^\.tessera/)).toEqual(tree);
    } finally {
      await rename(join(root, "images/away"), join(root, "images/transformer.safetensors"));
    }
  });

  test("a file that was changed, or a cache that lost its bytes: made whole again", async () => {
    const folder = join(root, "twice");
    const tree = treeOf(folder, /^\.tessera/);
    await writeFile(join(folder, "assets/fruit/red-0.png"), "half");
    expect((await made(folder)).counts).toMatchObject({ kept: 4, restored: 1 });
    await rm(join(folder, ".tessera"), { recursive: true });
    expect((await made(folder)).counts, "the lock file is enough").toMatchObject({ kept: 5 });
    await rm(join(folder, "assets/fruit/apple-1.png"));
    expect((await made(folder)).counts).toMatchObject({ kept: 4, made: 1 });
    expect(treeOf(folder, /^\.tessera/)).toEqual(tree);
  });

  test("what the manifest no longer asks for is told of, and removed where that is asked for", async () => {
    const folder = join(root, "twice");
    await writeFile(
      join(folder, "assets.yaml"),
      `assets: { red: { kind: image, prompt: red, model: ../images, device: reference } }`,
    );
    await writeFile(join(folder, "assets/fruit/red-1.png"), "a user's own now");
    const { stale } = await made(folder, { stale: "remove" });
    expect([...stale].sort()).toEqual([
      "all.json",
      "all.png",
      "fruit/apple-0.png",
      "fruit/apple-1.png",
      "fruit/red-0.png",
    ]);
    expect(Object.keys(treeOf(join(folder, "assets")))).toEqual(["fruit/red-1.png", "red.png", "red.png.json"]);
  });
});

test("all media in one manifest; files that no step changed can be verified by what lies beside them", async () => {
  const folder = await project(
    "media",
    `
assets:
  icon: { kind: image, prompt: red, model: ../images, device: reference }
  table: { kind: mesh, prompt: round table, model: ../shapes, device: reference, depth: 3, post: [{ lods: [40] }] }
  voice: { kind: speech, text: "b.", model: ../voice, device: reference, post: [{ loudness: -20 }] }
  line: { kind: text, prompt: "a", model: ../words, device: reference, maxOutputTokens: 5, seed: [1, 2] }
  other: { kind: text, prompt: "a", model: ../words, device: reference, maxOutputTokens: 5, guidance: 9, negativePrompt: b }
`,
  );
  const events: AssetsEvent[] = [];
  for await (const event of streamAssets({ manifest: join(folder, "assets.yaml"), jobs: 2 })) events.push(event);
  const end = events.at(-1)!;
  expect(end.type === "run-end" && end.result.failures).toEqual([]);
  expect(Object.keys(treeOf(join(folder, "assets")))).toEqual([
    ...["icon.png", "icon.png.json", "line/1.txt", "line/1.txt.json", "line/2.txt", "line/2.txt.json"],
    ...["other.txt", "other.txt.json"],
    ...["table-lod0.glb", "table-lod1.glb", "voice.wav"],
  ]);
  expect(events.some((event) => event.type === "item-progress" && event.names.includes("icon"))).toBe(true);
  const beside = JSON.parse(await readFile(join(folder, "assets/other.txt.json"), "utf8"));
  expect(beside).toMatchObject({ negativePromptSha256: sha256("b"), sampling: { guidance: 9 } });
  await using model = await loadImageModel(join(root, "images"), { device: "reference" });
  const manifest = await readManifest(join(folder, "assets/icon.png.json"));
  expect((await verifyImage(manifest, { model, file: join(folder, "assets/icon.png") })).same).toBe(true);
});

test("pictures of several prompts are drawn together, each as by itself", async () => {
  const assets = (name: string, prompts: string) =>
    project(
      name,
      `defaults: { image: ${IMAGE} }\nassets: { a: { kind: image, prompt: ${prompts}, count: 2, output: "a/{prompt}-{index}" } }`,
    );
  const together: (readonly string[])[] = [];
  const run = async (folder: string) => {
    for await (const event of streamAssets({ manifest: join(folder, "assets.yaml") })) {
      if (event.type === "item-progress") together.push(event.names);
      if (event.type === "run-end") return event.result;
    }
    return null;
  };
  const both = await assets("prompts", "[red, apple]");
  await run(both);
  expect(together[0]).toEqual(["a/red-0", "a/red-1", "a/apple-0", "a/apple-1"]);
  const apart = await assets("prompts-apart", "[red]");
  await run(apart);
  await assets("prompts-apart", "[red, apple]");
  await run(apart);
  expect(treeOf(apart, /^\.tessera/)).toEqual(treeOf(both, /^\.tessera/));
});

test("two assets of one item with other post steps: it is made once", async () => {
  const asset = (size: number) => `{ kind: image, prompt: red, post: [{ resize: ${size} }] }`;
  const assets = `assets: { small: ${asset(8)}, large: ${asset(30)} }`;
  const folder = await project("shared-item", `defaults: { image: ${IMAGE} }\n${assets}`);
  expect((await made(folder)).counts).toMatchObject({ made: 1, finished: 1 });
});

test("an item that fails leaves the others alone; nothing of it is written", async () => {
  const folder = await project(
    "failing",
    `
defaults: { image: ${IMAGE} }
assets:
  good: { kind: image, prompt: red }
  bad: { kind: image, prompt: red, style: square }
sheets:
  all: { assets: [good, bad] }
`,
  );
  const { counts, failures } = await made(folder);
  expect(counts).toMatchObject({ made: 1, failed: 2 });
  expect(failures.map(({ name, error }) => [name, (error as Error).message.split("\n")[0]])).toEqual([
    ["bad", 'There is no style "square".'],
    ["all", 'Expected frames that could be made for sheets.all but received "bad".'],
  ]);
  expect(Object.keys(treeOf(join(folder, "assets")))).toEqual(["good.png", "good.png.json"]);
  const lock = JSON.parse(await readFile(join(folder, "assets.lock.json"), "utf8"));
  expect(lock.items.map(({ item }: { item: { stem: string } }) => item.stem)).toEqual(["good"]);
});

test("only some; an abort", async () => {
  const folder = await project(
    "some",
    `{ defaults: { image: ${IMAGE} }, assets: { a: { kind: image, prompt: red }, b: { kind: image, prompt: apple } } }`,
  );
  await expect(made(folder, { only: ["c"] })).rejects.toThrow(/There is no asset or sheet "c"/);
  expect((await made(folder, { only: ["b"] })).counts).toMatchObject({ made: 1 });
  expect((await made(folder, { only: ["a"] })).counts).toMatchObject({ made: 1 });
  expect((await made(folder)).counts, "the lock has both").toMatchObject({ kept: 2 });
  await expect(made(folder, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
});

describe.skipIf(process.platform === "win32")("nothing is written", () => {
  const one = (more = "") =>
    `{ ${more} assets: { a: { kind: image, prompt: red, model: ../images, device: reference } } }`;

  test.each<[string, string, (folder: string) => Promise<unknown>, RegExp]>([
    [
      "through a linked output folder",
      one(),
      (folder) => symlink(join(root, "outside"), join(folder, "assets")),
      /a symbolic link/,
    ],
    [
      "through a linked folder in it",
      one("output: out/deeper,"),
      async (folder) => {
        await mkdir(join(folder, "out"));
        await symlink(join(root, "outside"), join(folder, "out/deeper"));
      },
      /a symbolic link/,
    ],
    ["outside, by the output folder", one("output: ../elsewhere,"), async () => {}, /it leads through "\.\."/],
    ["outside, by an absolute output folder", one("output: /tmp/x,"), async () => {}, /a part of it is empty/],
    [
      "for a model that is not there",
      one().replace("../images", "../none"),
      async () => {},
      /There is no embedded model or model folder/,
    ],
  ])("%s", async (name, manifest, prepare, message) => {
    const folder = await project(name.replaceAll(/\W+/g, "-"), manifest);
    await prepare(folder);
    const before = treeOf(root);
    await expect(made(folder)).rejects.toThrow(message);
    expect(treeOf(root)).toEqual(before);
  });

  test("through a link in the place of a file", async () => {
    const folder = await project("linked-file", one());
    await mkdir(join(folder, "assets"));
    await symlink(join(root, "victim"), join(folder, "assets/a.png"));
    const { failures } = await made(folder);
    expect((failures[0]!.error as Error).message).toMatch(/a symbolic link/);
    expect(existsSync(join(root, "victim"))).toBe(false);
  });
});
