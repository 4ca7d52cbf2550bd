/**
 * Draws prompts with a model and puts pictures of the meshes on one sheet, unpicked:
 *
 *   npx tsx training/shapes/sheet.ts --prompts prompts.txt --out sheet.png [--model ../../models/tessera-shapes] [--depth 6] [--seed 0]
 *
 * prompts.txt has a prompt per line. Every prompt is item 0 of its own run with that seed. Prints what each took.
 */
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { generateMesh, loadMeshModel, rasterise } from "../../src/3d/index.js";

const TILE = 160;
const COLUMNS = 8;

const { values } = parseArgs({
  options: {
    prompts: { type: "string" },
    out: { type: "string", default: "sheet.png" },
    model: { type: "string", default: "models/tessera-shapes" },
    depth: { type: "string" },
    seed: { type: "string", default: "0" },
    guidance: { type: "string" },
    temperature: { type: "string" },
  },
});
if (values.prompts === undefined) throw new Error("Name a file of prompts: --prompts FILE.");
const prompts = (await readFile(values.prompts, "utf8")).split("\n").filter(Boolean);
const number = (name: "depth" | "guidance" | "temperature") => (values[name] === undefined ? {} : { [name]: Number(values[name]) });
const settings = { seed: Number(values.seed), ...number("depth"), ...number("guidance"), ...number("temperature") };

const model = await loadMeshModel(values.model);
const tiles = [];
const seconds = [];
try {
  for (const [index, prompt] of prompts.entries()) {
    const began = performance.now();
    const { meshes } = await generateMesh({ model, prompt, ...settings });
    seconds.push((performance.now() - began) / 1000);
    const { data, width, height } = rasterise(meshes[0]!.mesh, { size: TILE, azimuth: 30, elevation: 22 });
    const left = (index % COLUMNS) * TILE;
    const top = Math.floor(index / COLUMNS) * TILE;
    tiles.push({ input: Buffer.from(data), raw: { width, height, channels: 4 as const }, left, top });
    console.log(`${seconds.at(-1)!.toFixed(2)} s  ${prompt}`);
  }
} finally {
  await model.close();
}
const rows = Math.ceil(prompts.length / COLUMNS);
await sharp({ create: { width: COLUMNS * TILE, height: rows * TILE, channels: 4, background: "#ffffff" } })
  .composite(tiles)
  .png({ palette: true })
  .toFile(values.out);
const sorted = [...seconds].sort((a, b) => a - b);
console.log(`${values.out}: median ${sorted[sorted.length >> 1]!.toFixed(2)} s, most ${sorted.at(-1)!.toFixed(2)} s`);
