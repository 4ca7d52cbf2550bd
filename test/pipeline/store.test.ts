/** Stores of every kind keep what they are given, and tell what is no longer that. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { sha256 } from "../../src/base/digest.js";
import { makeAssets } from "../../src/pipeline/index.js";
import { MemoryStore } from "../../src/pipeline/store/memory-store.js";
import { openStore } from "../../src/pipeline/store/open-store.js";
import type { Store } from "../../src/pipeline/store/store.js";
import { S3Server } from "../support/s3-server.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";
import { treeOf } from "../support/tree.js";

const root = temporaryFolder();
const BYTES = new TextEncoder().encode("made once");
const DIGEST = sha256(BYTES);
const KEY = sha256(new TextEncoder().encode("key"));
let s3: S3Server;

/** How a store is opened, and how what lies in it is replaced by something else. */
const STORES: Readonly<Record<string, { open(): Promise<Store>; damage?(text: string): Promise<void> }>> = {
  memory: { open: async () => new MemoryStore() },
  folder: {
    open: () => openStore(join(root, "store")),
    async damage(text) {
      const names = await readdir(join(root, "store"), { recursive: true });
      const files = names.filter((name) => /[0-9a-f]{64}$/.test(name));
      for (const name of files) await writeFile(join(root, "store", name), text);
    },
  },
  bucket: {
    open: () => openStore("s3://bucket/some/prefix/"),
    async damage(text) {
      for (const path of s3.objects.keys()) s3.objects.set(path, Buffer.from(text));
    },
  },
};

beforeAll(async () => {
  s3 = await S3Server.start();
});
beforeEach(() => {
  for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
  return () => vi.unstubAllEnvs();
});
afterAll(() => s3.stop());

describe.each(Object.entries(STORES))("a store in a %s", (_, { open, damage }) => {
  test("keeps bytes by their digest and records by their key", async () => {
    const store = await open();
    expect(await store.bytes(DIGEST)).toBeNull();
    expect(await store.record(KEY)).toBeNull();
    expect(await store.keep(BYTES)).toBe(DIGEST);
    expect(await store.keep(BYTES)).toBe(DIGEST);
    await store.note(KEY, { first: 1 });
    await store.note(KEY, { second: "ü" });
    expect(Buffer.from((await store.bytes(DIGEST))!)).toEqual(Buffer.from(BYTES));
    expect(await store.record(KEY)).toEqual({ second: "ü" });
  });

  if (!damage) return; // nobody else can reach it
  test.each(["not {", "not { one"])("answers nothing for what became %j, and keeps it anew", async (text) => {
    const store = await open();
    await store.keep(BYTES);
    await store.note(KEY, { first: 1 });
    await damage(text);
    expect(await store.bytes(DIGEST)).toBeNull();
    expect(await store.record(KEY)).toBeNull();
    await store.keep(BYTES);
    expect(await store.bytes(DIGEST)).not.toBeNull();
  });
});

describe("a bucket", () => {
  test("objects lie below the prefix", () => {
    const paths = [...s3.objects.keys()].sort();
    expect(paths).toEqual([`/bucket/some/prefix/bytes/${DIGEST}`, `/bucket/some/prefix/records/${KEY}`]);
  });

  test("without leave, or without an address: a typed error, not an empty store", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", "STRANGER");
    const store = await openStore("s3://bucket");
    await expect(store.record(KEY)).rejects.toMatchObject({ code: "input" });
    await expect(store.note(KEY, {})).rejects.toMatchObject({
      code: "output",
      message: expect.stringMatching(/^Cannot write s3:\/\/bucket\/records\/.*AccessDenied/),
    });
    await expect(openStore("s3://")).rejects.toMatchObject({ code: "argument" });
  });

  test("serves as the cache of a run: another machine restores from it", async () => {
    await writeTinyImageModel(join(root, "model"));
    await mkdir(join(root, "project"));
    const manifest = join(root, "project", "assets.yaml");
    await writeFile(
      manifest,
      "assets: { a: { kind: image, model: ../model, device: reference, prompt: [red, apple] } }",
    );
    expect((await makeAssets({ manifest, cache: "s3://bucket/run" })).counts).toMatchObject({ made: 2 });
    const tree = treeOf(join(root, "project"));
    await rm(join(root, "project", "assets"), { recursive: true });
    expect((await makeAssets({ manifest, cache: "s3://bucket/run" })).counts).toMatchObject({ restored: 2, made: 0 });
    expect(treeOf(join(root, "project"))).toEqual(tree);
  });
});
