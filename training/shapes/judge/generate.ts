/**
 * Makes a shape of each caption through the SDK:
 *
 *   npx tsx training/shapes/judge/generate.ts --model models/tessera-shapes --captions captions.json --out samples.jsonl [--depth 5] [--seed 0]
 *
 * Each line of samples.jsonl is a caption with the ids of its shape. A file that exists is gone on with, unpicked: caption i is item i of the seed.
 */
import { appendFile, readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { generateMesh, loadMeshModel } from "../../../src/index.js";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/tessera-shapes" },
    captions: { type: "string", default: "training/shapes/runs/judge/captions.json" },
    out: { type: "string", default: "training/shapes/runs/judge/samples.jsonl" },
    depth: { type: "string", default: "5" },
    seed: { type: "string", default: "0" },
    threads: { type: "string", default: "2" },
  },
});
const captions = JSON.parse(await readFile(values.captions, "utf8")) as { readonly prompt: string }[];
const done = (await readFile(values.out, "utf8").catch(() => "")).split("\n").filter(Boolean).length;
const [depth, seed] = [Number(values.depth), Number(values.seed)];
await using model = await loadMeshModel(values.model, { device: "cpu", threads: Number(values.threads) });
let milliseconds = 0;
for (let i = done; i < captions.length; i++) {
  const { meshes, usage } = await generateMesh({ model, prompt: captions[i]!.prompt, depth, seed, firstIndex: i });
  milliseconds += usage.milliseconds;
  await appendFile(values.out, `${JSON.stringify({ ...captions[i], ids: [...meshes[0]!.ids] })}\n`);
}
if (done < captions.length)
  console.log(`${captions.length - done} shapes, ${(milliseconds / (captions.length - done)).toFixed(0)} ms each`);
