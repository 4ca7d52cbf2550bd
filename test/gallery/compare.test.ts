import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildComparison } from "../../src/gallery/build-comparison.js";
import { PREVIEWS } from "../../src/gallery/compare-orders.js";
import { generateImage, type ImageModel, loadImageModel, readMarking } from "../../src/index.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();
let model: ImageModel;
beforeAll(async () => {
  await writeTinyImageModel(join(folder, "model"), undefined, ["next-scale", "next-token", "next-neighbor"]);
  model = await loadImageModel(join(folder, "model"), { device: "reference" });
});
afterAll(() => model.close());

test("a comparison shows what generateImage makes in each order, its passes and its previews", async () => {
  const out = join(folder, "out");
  const { page, sheet, orders } = await buildComparison({ model, prompt: "a <b>", seed: 4, folder: out });
  const passes = Object.fromEntries(orders.map(({ decoding, forwardPasses }) => [decoding, forwardPasses]));
  expect(passes).toEqual({ "next-scale": 4, "next-token": 25, jacobi: expect.any(Number), "next-neighbor": 9 });

  const html = await readFile(page, "utf8");
  expect(html).toContain("a &lt;b&gt;");
  expect(html).not.toMatch(/<script|https?:/);
  const files = await readdir(out);
  for (const { decoding, image, previews, forwardPasses } of orders) {
    const { images } = await generateImage({ model, prompt: "a <b>", seed: 4, decoding });
    expect(image.ids).toEqual(images[0]!.ids);
    expect(previews).toHaveLength(Math.ceil(forwardPasses / Math.ceil(forwardPasses / (PREVIEWS + 1))) - 1);
    expect(files).toEqual(expect.arrayContaining([`compare-${decoding}.png`, `compare-${decoding}.png.json`]));
    for (const said of [`<h2>${decoding}</h2>`, `${forwardPasses} passes`, `compare-${decoding}-1.png`])
      expect(html).toContain(said);
  }
  expect(await readMarking(await readFile(sheet))).toMatchObject({ system: "tessera-sdk", prompt: "a <b>" });
  const { height } = await sharp(sheet).metadata();
  expect(height).toBe(20 + orders.length * 164);
});

test("a comparison that is stopped rejects with the reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(buildComparison({ model, prompt: "a", seed: 0, folder: join(folder, "none"), signal })).rejects.toBe(
    reason,
  );
});
