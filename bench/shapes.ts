/**
 * What a mesh takes on two threads, and the memory of its process: of a folder by SHAPES=folder, else at the sizes of the recipe with random
 * weights, whose shapes are larger than any that have a meaning.   npm run bench -- shapes
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateMesh } from "../src/3d/generate-mesh.js";
import { loadMeshModel } from "../src/3d/model.js";
import { inOwnProcess, isScript, peakMemory } from "./own-process.js";
import { writeRandomMeshModel } from "./random-models.js";

const THREADS = 2;
const MESHES = 12;
const DEPTHS = [5, 6] as const;

export async function shapes(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const source = process.env.SHAPES ?? folder;
    if (source === folder) await writeRandomMeshModel(folder);
    console.log(`shapes of ${process.env.SHAPES ?? "random weights"}, ${THREADS} threads, a process for each depth`);
    for (const depth of DEPTHS) {
      const { median, slowest, ids, passes, perPass, memory } = inOwnProcess(import.meta.url, source, String(depth));
      const times = `${median!.toFixed(2)} s median, ${slowest!.toFixed(2)} s slowest of ${MESHES}`;
      const rest = `${ids!.toFixed(0)} ids in ${passes!.toFixed(0)} passes each, ${perPass!.toFixed(2)} ms a pass, ${(memory! / 1e6).toFixed(0)} MB at most`;
      console.log(`depth ${depth}         ${times}; ${rest}`);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(source: string, depth: number): Promise<void> {
  await using model = await loadMeshModel(source, { device: "cpu", threads: THREADS });
  const { categories } = model;
  const make = (i: number) => generateMesh({ model, prompt: categories[i % categories.length]!, depth, firstIndex: i });
  await make(0);
  const times: number[] = [];
  let [ids, passes] = [0, 0];
  for (let i = 1; i <= MESHES; i++) {
    const { usage } = await make(i);
    times.push(usage.milliseconds / 1000);
    ids += usage.outputTokens;
    passes += usage.forwardPasses;
  }
  const total = times.reduce((sum, time) => sum + time, 0);
  times.sort((a, b) => a - b);
  const [median, slowest] = [times[MESHES / 2]!, times.at(-1)!];
  const perPass = (1000 * total) / passes;
  console.log(
    JSON.stringify({
      median,
      slowest,
      ids: ids / MESHES,
      passes: passes / MESHES,
      perPass,
      memory: await peakMemory(),
    }),
  );
}

if (isScript(import.meta.url)) await measure(process.argv[2]!, Number(process.argv[3]));
