/**
 * What the shipped weights reach through the SDK, on the scenes that evaluate.py wrote.
 *
 *   python evaluate.py --segmenter runs/segmenter --write runs/scenes
 *   npx tsx training/masks/through-sdk.ts training/masks/runs/scenes/trained [MODEL]
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeMask, encodeMask, intersectionOverUnion, loadMaskModel, readMask, segmentImage } from "../../src/mask/index.js";

const [folder, source] = process.argv.slice(2);
if (!folder) throw new Error("usage: npx tsx training/masks/through-sdk.ts SCENES [MODEL]");

const PREFIXES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const prompts = JSON.parse(await readFile(join(folder, "scenes.json"), "utf8")) as string[];
await using model = await loadMaskModel(source, { device: "cpu" });

const rebuilt = new Map<number, number[]>(PREFIXES.map((n) => [n, []]));
const found: number[] = [];
const times: number[] = [];
for (const [i, prompt] of prompts.entries()) {
  const meant = await readMask(join(folder, `${i}-mask.png`));
  if (!meant.inside.includes(1)) continue; // wholly hidden
  const ids = await encodeMask(meant, { model });
  for (const n of PREFIXES) {
    const mask = await decodeMask(ids.slice(0, n), { model, width: meant.width, height: meant.height });
    rebuilt.get(n)!.push(intersectionOverUnion(mask, meant));
  }
  const { masks, usage } = await segmentImage({ model, image: join(folder, `${i}.png`), prompt });
  found.push(intersectionOverUnion(masks[0]!, meant));
  times.push(usage.milliseconds);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const share = (least: number) => found.filter((iou) => iou >= least).length / found.length;
console.log(`${found.length} scenes of ${folder}, ${model.name} ${model.revision} (${model.precision})`);
console.log(`rebuilt      ${PREFIXES.map((n) => `${n}: ${mean(rebuilt.get(n)!).toFixed(3)}`).join("  ")}`);
console.log(`found        IoU ${mean(found).toFixed(3)}; ${(100 * share(0.5)).toFixed(0)} % at 0.5 or more, ${(100 * share(0.8)).toFixed(0)} % at 0.8 or more`);
console.log(`a mask       ${times.sort((a, b) => a - b)[times.length >> 1]!.toFixed(0)} ms median`);
