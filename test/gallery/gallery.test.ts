import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGallery } from "../../src/gallery/build-gallery.js";
import { GALLERY_PROMPTS } from "../../src/gallery/prompts.js";
import { type ImageModel, loadImageModel, readMarking } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { type TinyOrder, writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
const out = join(folder, "out");
let model: ImageModel;
beforeAll(async () => {
  model = await tiny("model", ["next-scale"]);
});
afterAll(() => model.close());

async function tiny(name: string, orders: readonly TinyOrder[]): Promise<ImageModel> {
  await writeTinyImageModel(join(folder, name), undefined, orders);
  return loadImageModel(join(folder, name), { device: "reference" });
}

const build = (seed = 1, signal?: AbortSignal) => buildGallery({ model, folder: out, seed, limit: 2, signal });
const reused = async (seed?: number) => (await build(seed)).rows.map((row) => row.milliseconds === null);

describe("gallery", () => {
  test("holds at least 24 pictures in several styles, no two alike", () => {
    expect(GALLERY_PROMPTS.length).toBeGreaterThanOrEqual(24);
    expect(new Set(GALLERY_PROMPTS.map(({ style }) => style)).size).toBe(9);
    expect(new Set(GALLERY_PROMPTS.map((row) => JSON.stringify(row))).size).toBe(GALLERY_PROMPTS.length);
  });

  test("is a page, a sheet, pictures with manifests and previews, and no other file", async () => {
    await using several = await tiny("several", ["next-scale", "next-token"]);
    const out = join(folder, "compared");
    const { page, sheet, rows } = await buildGallery({ model: several, folder: out, seed: 1, limit: 2 });
    const files = await readdir(out);
    const own = rows.flatMap(({ file }) => [file, `${file}.json`, `${file}.previews`]);
    expect(files.filter((file) => !file.startsWith("compare")).sort()).toEqual(
      [...own, "index.html", "sheet.png"].sort(),
    );
    const html = await readFile(page, "utf8");
    for (const { file, prompt, style } of rows) {
      for (const said of [
        `src="${file}"`,
        `${file}.previews/1.png`,
        prompt,
        style,
        "seed 1",
        "reference",
        "tessera-sdk image",
      ])
        expect(html).toContain(said);
    }
    expect(html).toContain('href="compare.html"');
    expect(await readFile(join(out, "compare.html"), "utf8")).toContain('href="index.html"');
    expect(html).not.toMatch(/https?:/); // self-contained
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
});
