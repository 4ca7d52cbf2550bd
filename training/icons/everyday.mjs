/**
 * Draws 36 everyday words with the built SDK, seed 0, default settings, on one sheet:   node everyday.mjs OUT.png [ORDER [CANDIDATES]]
 *
 * The words were written down before anything was drawn, and none was left out. Prints the seconds of a picture.
 */
import sharp from "sharp";
import { generateImage, loadImageModel } from "../../dist/index.js";
import { writeFile } from "node:fs/promises";

const WORDS = [
  "cat, dog, red apple, house, blue car, tree, sun, moon, star, heart, fish, bird, flower, rocket, pizza, cup of coffee, birthday cake, guitar",
  "umbrella, clock, key, book, pencil, camera, bicycle, airplane, ship, train, robot, ghost, snowman, crown, diamond, fire, rainbow, mushroom",
].flatMap((line) => line.split(", "));
const [TILE, COLUMNS] = [128, 9];

const [out, decoding = "next-scale", candidates = "1"] = process.argv.slice(2);
const model = await loadImageModel("tessera-icons");
const tiles = [];
const began = performance.now();
for (const [index, prompt] of WORDS.entries()) {
  const { images } = await generateImage({ model, prompt, decoding, candidates: Number(candidates), seed: 0 });
  const { width, height, rgba } = images[0];
  const [left, top] = [(index % COLUMNS) * TILE, Math.floor(index / COLUMNS) * TILE];
  tiles.push({ input: Buffer.from(rgba), raw: { width, height, channels: 4 }, left, top });
}
const seconds = (performance.now() - began) / 1000 / WORDS.length;
console.log(`${seconds.toFixed(2)} s a picture, ${candidates} of each drawn`);
await model.close();
const size = { width: COLUMNS * TILE, height: (WORDS.length / COLUMNS) * TILE };
const sheet = sharp({ create: { ...size, channels: 4, background: "#ffffff" } }).composite(tiles).png({ palette: true });
await writeFile(out, await sheet.toBuffer());
