/**
 * Writes meshes of random ids under the grammar of the tokenizer as GLB files, beside those that generate.ts left there, and says what the Khronos
 * validator finds in all of them. closed.py says the rest:
 *
 *   npx tsx training/shapes/judge/meshes.ts --out meshes [--streams 1000]
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import validator from "gltf-validator";
import { saveMesh } from "../../../src/index.js";
import { decodeSurface, readIds } from "../../../src/tokenizers/octree/octree-tokenizer.js";
import { randomStream } from "../../../test/tokenizers/octree/random-stream.js";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "training/shapes/runs/judge/meshes" },
    streams: { type: "string", default: "1000" },
  },
});
await mkdir(values.out, { recursive: true });
/** Shares of children that random bytes have: thin, middling and dense shapes. */
const DENSITIES = [0.2, 0.35, 0.5] as const;
for (let i = 0; i < Number(values.streams); i++) {
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
