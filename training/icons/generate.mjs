/**
 * Draws what FOLDER/prompts.json asks for with the built SDK, seed 0, one file a prompt; what is there stays.   node generate.mjs FOLDER
 * { "model": folder or name, "options": settings for all, "prompts": [{ "prompt", "style", "file" }] }
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { generateImage, loadImageModel } from "../../dist/index.js";

const folder = process.argv[2];
const { model: source, options, prompts } = JSON.parse(await readFile(join(folder, "prompts.json"), "utf8"));
const model = await loadImageModel(source);
const began = performance.now();
for (const [done, { prompt, style, file }] of prompts.entries()) {
  if (existsSync(join(folder, file))) continue;
  const { images } = await generateImage({ model, prompt, style, seed: 0, ...options });
  await images[0].save(join(folder, file));
  if (done % 50 === 49) console.log(`${done + 1} of ${prompts.length}, ${((performance.now() - began) / 1000 / (done + 1)).toFixed(2)} s a picture`);
}
await model.close();
