import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGallery } from "../../src/gallery/build-gallery.js";
import { pageOf } from "../../src/gallery/page.js";
import { GALLERY_PROMPTS } from "../../src/gallery/prompts.js";
import { type ImageModel, loadImageModel, readMarking } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const out = join(folder, "out");
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(join(folder, "model"));
  model = await loadImageModel(join(folder, "model"), { device: "reference" });
});
afterAll(() => model.close());

const build = (seed = 1, signal?: AbortSignal) => buildGallery({ model, folder: out, seed, limit: 2, signal });
const reused = async (seed?: number) => (await build(seed)).rows.map((row) => row.reused);

describe("gallery", () => {
  test("holds at least 24 pictures in several styles, no two alike", () => {
    expect(GALLERY_PROMPTS.length).toBeGreaterThanOrEqual(24);
    expect(new Set(GALLERY_PROMPTS.map(({ style }) => style)).size).toBe(9);
    expect(new Set(GALLERY_PROMPTS.map((row) => JSON.stringify(row))).size).toBe(GALLERY_PROMPTS.length);
  });

  test("is a page, a sheet, and pictures with manifests", async () => {
    const { page, sheet, rows } = await build();
    const files = await readdir(out);
    for (const { file } of rows) expect(files).toEqual(expect.arrayContaining([file, `${file}.json`]));
    const html = await readFile(page, "utf8");
    for (const { file, prompt, style, milliseconds } of rows) {
      for (const said of [`src="${file}"`, prompt, style, `${milliseconds} ms`, "seed 1", "reference"])
        expect(html).toContain(said);
    }
    expect(files).toContain("compare.png");
    expect(html).toContain('href="compare.html"');
    expect(html).not.toMatch(/<script|https?:/); // self-contained
    expect(await readMarking(await readFile(sheet))).toMatchObject({ system: "tessera-sdk", model: "tiny 3" });
    const { width, height } = await sharp(sheet).metadata();
    expect({ width, height }).toEqual({ width: 20 + 2 * 164, height: 20 + 200 });
    const { channels } = await sharp(sheet).extract({ left: 20, top: 20, width: 144, height: 144 }).stats();
    expect(channels[0]!.stdev).toBeGreaterThan(1); // a picture is there
  });

  test("keeps what is there, and makes again what is gone, damaged or different", async () => {
    const { rows } = await build();
    expect(await reused()).toEqual([true, true]);
    await rm(join(out, rows[0]!.file));
    expect(await reused()).toEqual([false, true]);
    await writeFile(join(out, `${rows[1]!.file}.json`), "{");
    expect(await reused()).toEqual([true, false]);
    const [first, second] = await Promise.all(rows.map(({ file }) => readFile(join(out, file))));
    await writeFile(join(out, rows[0]!.file), second!);
    expect(await reused()).toEqual([false, true]);
    expect((await readFile(join(out, rows[0]!.file))).equals(first!)).toBe(true);
    expect(await reused(2)).toEqual([false, false]);
  });

  test("stops by a signal, and refuses a limit of nothing", async () => {
    const reason = new Error("enough");
    await expect(build(3, AbortSignal.abort(reason))).rejects.toBe(reason);
    const nothing = buildGallery({ model, folder: out, seed: 1, limit: 0 });
    await expect(nothing).rejects.toMatchObject({ code: "argument", argument: "limit" });
  });

  test("the page escapes what it shows", () => {
    const row = { file: "a.png", style: "plain", seed: 1, milliseconds: 0, device: "d", reused: false };
    expect(pageOf(model, [{ ...row, prompt: '<img src="x">' }], null)).not.toContain('<img src="x">');
  });
});
