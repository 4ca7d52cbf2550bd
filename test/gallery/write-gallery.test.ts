import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { commandOf } from "../../src/gallery/command-of.js";
import { inTurn } from "../../src/gallery/page.js";
import { writeGallery } from "../../src/gallery/write-gallery.js";
import { readMarking } from "../../src/index.js";
import { imageManifestOf, writeMixedItems } from "../support/gallery-items.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const folder = temporaryFolder();
beforeAll(() => writeMixedItems(folder, 3));

test("shows the items of all media, whatever their folder, and what they need", async () => {
  const { page, items, skipped } = await writeGallery({ folder });
  expect({ items, skipped }).toEqual({ items: 6, skipped: [] });
  const html = await readFile(page, "utf8");
  expect(html).toContain("<h1>3 pictures, 1 sound, 1 mesh and 1 mask by tiny 3</h1>");
  for (const said of ['class="wave"', "<audio controls", 'class="turning"', "deep/er/shape.glb", 'loading="lazy"'])
    expect(html).toContain(said);
  const [strip, overlay, spectrogram] = await readdir(join(folder, "gallery-files"));
  expect(html).toMatch(new RegExp(`<img src="picture%20\\d\\.png"[^>]*><img src="gallery-files/${overlay}"`));
  const clear = await sharp(join(folder, "gallery-files", overlay!))
    .extractChannel("alpha")
    .raw()
    .toBuffer();
  expect([...clear].map((alpha) => (alpha > 0 ? "x" : ".")).join("")).toBe("xxxx....".repeat(4) + ".".repeat(32));
  const drawn = join(folder, "gallery-files", strip!);
  const { width, height } = await sharp(drawn).metadata();
  expect({ width, height }).toEqual({ width: 24 * 240, height: 240 });
  expect(await readMarking(await readFile(drawn))).toMatchObject({ system: "tessera-sdk", model: "tiny 3" });
  expect(html).toContain(`<img class="spectrum" src="gallery-files/${spectrogram}"`);
  expect(await writeGallery({ folder })).toMatchObject({ items: 6 }); // its own files are no items
});

test("what is damaged, foreign or elsewhere is left out or told", async () => {
  const other = join(folder, "other");
  await mkdir(other);
  await writeFile(join(other, "package.json"), "{}");
  await writeFile(join(other, "broken.png"), "");
  await writeFile(join(other, "broken.png.json"), JSON.stringify({ ...imageManifestOf("x", 0), seed: -1 }));
  await writeFile(join(other, "alone.png.json"), JSON.stringify(imageManifestOf("no file beside it", 0)));
  await symlink(folder, join(other, "round"));
  const { items, skipped } = await writeGallery({ folder });
  expect(items).toBe(6);
  expect(skipped).toEqual([{ file: "other/broken.png.json", reason: expect.stringContaining("seed") }]);
  await expect(writeGallery({ folder: other })).rejects.toThrow("manifests beside them");
  await expect(writeGallery({ folder: join(folder, "none") })).rejects.toMatchObject({ code: "input" });
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(writeGallery({ folder, signal })).rejects.toThrow("enough");
  await rm(other, { recursive: true });
});

test("nothing of a manifest is HTML on the page", async () => {
  const hostile = join(folder, "hostile");
  await writeMixedItems(hostile, 1, `</script><img src=x onerror="alert('1')">`);
  const html = await readFile((await writeGallery({ folder: hostile })).page, "utf8");
  expect(html).not.toContain("<img src=x");
  expect(html).toContain("&lt;/script&gt;");
  await rm(hostile, { recursive: true });
});

test("the command is exact and safe for a shell", () => {
  const of = (changes: object) =>
    commandOf({ file: "a/b.png", manifest: { ...imageManifestOf("it's red", 7), ...changes } });
  expect(of({ index: 2 })).toBe(
    "npx tessera-sdk image 'it'\\''s red' --style plain --size 8x8 --guidance 2 --guidance-until 1 --temperature 1 --top-k 0 --top-p 1 " +
      "--min-p 0 --decoding next-scale --seed 7 --first-index 2 --device cpu --precision f32 --model tiny -o b.png",
  );
  expect(of({ subject: { prompt: "--help", style: "none" } })).toMatch(/ -o b\.png -- --help$/);
  expect(of({ edit: { imageSha256: "", maskSha256: "", seam: 0 } })).toBeNull();
});

test("prompts take turns", () => {
  const prompts = ["a", "a", "b", "c", "b", "a"].map((prompt, i) => ({ prompt, i }));
  expect(inTurn(prompts).map(({ prompt, i }) => prompt + i)).toEqual(["a0", "b2", "c3", "a1", "b4", "a5"]);
});
