/**
 * Writes meshes as GLB files for closed.py, and says what the Khronos validator finds in them:
 *
 *   npx tsx training/shapes/judge/meshes.ts --model models/tessera-shapes --out meshes [--samples 200] [--streams 1000] [--depth 5] [--seed 0]
 *
 * Samples are made after the model's own categories, one after the other; streams are random ids under the grammar of the tokenizer.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import validator from "gltf-validator";
import { generateMesh, loadMeshModel, saveMesh } from "../../../src/index.js";
import { decodeSurface, readIds } from "../../../src/tokenizers/octree/octree-tokenizer.js";
import { randomStream } from "../../../test/tokenizers/octree/random-stream.js";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "models/tessera-shapes" },
    out: { type: "string", default: "training/shapes/runs/judge/meshes" },
    samples: { type: "string", default: "200" },
    streams: { type: "string", default: "1000" },
    depth: { type: "string", default: "5" },
    seed: { type: "string", default: "0" },
    threads: { type: "string", default: "2" },
  },
});
const [samples, streams, depth, seed] = [values.samples, values.streams, values.depth, values.seed].map(Number) as [number, number, number, number];
await mkdir(values.out, { recursive: true });
if (samples > 0) {
  await using model = await loadMeshModel(values.model, { device: "cpu", threads: Number(values.threads) });
  const { categories } = model;
  for (let i = 0; i < samples; i++) {
    const file = join(values.out, `sample-${String(i).padStart(4, "0")}.glb`);
    if (await readFile(file).then(() => true, () => false)) continue; // gone on with
    const { meshes } = await generateMesh({ model, prompt: categories[i % categories.length]!, depth, seed, firstIndex: i });
    await writeFile(file, meshes[0]!.bytes);
  }
}
/** Shares of children that random bytes have: thin, middling and dense shapes. */
const DENSITIES = [0.2, 0.35, 0.5] as const;
for (let i = 0; i < streams; i++) {
  const mesh = decodeSurface(readIds(randomStream(i, 1 + (i % 5), DENSITIES[i % 3]!)));
  await saveMesh(mesh, join(values.out, `stream-${String(i).padStart(4, "0")}.glb`));
}
const files = (await readdir(values.out)).filter((file) => file.endsWith(".glb")).sort();
let faulty = 0;
for (const file of files) {
  const { issues } = await validator.validateBytes(await readFile(join(values.out, file)));
  if (issues.numErrors + issues.numWarnings === 0) continue;
  faulty++;
  console.log(`${file}: ${issues.messages.map(({ code, pointer }) => `${code} ${pointer}`).join(", ")}`);
}
console.log(`${files.length} GLB files, ${faulty} with errors or warnings of gltf-validator`);
process.exitCode = faulty > 0 ? 1 : 0;
