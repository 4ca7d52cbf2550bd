/**
 * Makes a shape of each caption through the SDK:
 *
 *   npx tsx training/shapes/judge/generate.ts --model models/tessera-shapes --captions captions.json --out samples.jsonl [--depth 5] [--seed 0]
 *       [--n 500] [--meshes FOLDER]
 *
 * Each line of samples.jsonl is a caption with the ids of its shape. A file that exists is gone on with, unpicked: caption i is item i of the seed.
 * With --meshes the GLB files are kept too, for meshes.ts and closed.py.
 */
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateMesh, loadMeshModel } from "../../../src/index.js";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/tessera-shapes" },
    captions: { type: "string", default: "training/shapes/runs/judge/captions.json" },
    out: { type: "string", default: "training/shapes/runs/judge/samples.jsonl" },
    depth: { type: "string", default: "5" },
    seed: { type: "string", default: "0" },
    n: { type: "string", default: "500" },
    meshes: { type: "string" },
    threads: { type: "string", default: "2" },
  },
});
const all = JSON.parse(await readFile(values.captions, "utf8")) as { readonly prompt: string }[];
const captions = all.slice(0, Number(values.n));
if (values.meshes) await mkdir(values.meshes, { recursive: true });
const done = (await readFile(values.out, "utf8").catch(() => "")).split("\n").filter(Boolean).length;
const [depth, seed] = [Number(values.depth), Number(values.seed)];
await using model = await loadMeshModel(values.model, { device: "cpu", threads: Number(values.threads) });
let [milliseconds, passes, ids] = [0, 0, 0];
for (let i = done; i < captions.length; i++) {
  const { meshes, usage } = await generateMesh({ model, prompt: captions[i]!.prompt, depth, seed, firstIndex: i });
  milliseconds += usage.milliseconds;
  passes += usage.forwardPasses;
  ids += usage.outputTokens;
  if (values.meshes) await writeFile(join(values.meshes, `sample-${String(i).padStart(4, "0")}.glb`), meshes[0]!.bytes);
  await appendFile(values.out, `${JSON.stringify({ ...captions[i], ids: [...meshes[0]!.ids] })}\n`);
}
const made = captions.length - done;
if (made > 0) console.log(`${made} shapes, each ${(milliseconds / made).toFixed(0)} ms, ${(ids / made).toFixed(0)} ids in ${(passes / made).toFixed(0)} passes`);
