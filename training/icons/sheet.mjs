/**
 * Draws 64 prompts of the training set on one sheet, unpicked, with the built SDK, seed 0 and default settings:   node sheet.mjs OUT.png [ORDER]
 *
 * Which ones is a hash of their names among things, animals, food, places and activities, a concept each, in the default style.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { generateImage, loadImageModel } from "../../dist/index.js";

const [COUNT, TILE, COLUMNS] = [64, 128, 8];
const GROUPS = [3, 4, 5, 6, 7]; // emojibase's animals, food, travel, activities, objects

const [out, decoding = "next-scale"] = process.argv.slice(2);
const { rows } = JSON.parse(await readFile(new URL("data/rows.json", import.meta.url), "utf8"));
const model = await loadImageModel("tessera-icons");
const lot = (concept) => createHash("sha256").update(`sheet|${concept}`).digest("hex");
const prompts = rows
  .filter(({ style, group, heldOutCell }) => style === model.defaults.style && GROUPS.includes(group) && !heldOutCell)
  .sort((a, b) => (lot(a.concept) < lot(b.concept) ? -1 : 1))
  .slice(0, COUNT)
  .map(({ label }) => label.replace(/[“”]/g, "").replace(/’/g, "'").replace(/: /g, " "));
const tiles = [];
for (const [index, prompt] of prompts.entries()) {
  const { images } = await generateImage({ model, prompt, decoding, seed: 0 });
  const { width, height, rgba } = images[0];
  const [left, top] = [(index % COLUMNS) * TILE, Math.floor(index / COLUMNS) * TILE];
  tiles.push({ input: Buffer.from(rgba), raw: { width, height, channels: 4 }, left, top });
}
await model.close();
const size = { width: COLUMNS * TILE, height: (COUNT / COLUMNS) * TILE };
const sheet = sharp({ create: { ...size, channels: 4, background: "#ffffff" } }).composite(tiles).png({ palette: true });
await writeFile(out, await sheet.toBuffer());
for (let row = 0; row < prompts.length; row += COLUMNS) console.log(prompts.slice(row, row + COLUMNS).join(", "));
