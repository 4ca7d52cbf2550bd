/**
 * Peak resident memory of a process that loads an N-byte float32 checkpoint and runs one step: 1.25 N + 200 MB is the most.
 * The file is LlamaGen-B's shape (444 MB) as safetensors, with random weights; the load runs in a process of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { conditionGraph } from "../src/core/condition.js";
import { transformerConfig } from "../src/core/configs.js";
import { openTransformer } from "../src/core/model.js";
import { openSession } from "../src/core/session.js";
import { decoderGraph } from "../src/core/transformer.js";
import { openEngine } from "../src/engine/open.js";
import { openCheckpoint } from "../src/engine/weights/open.js";
import { writeSafetensors } from "../src/engine/weights/safetensors-write.js";
import { randomWeights } from "./random-weights.js";

const config = transformerConfig("llamagen-c2i-b-256");

export async function loadMemory(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tessera-bench-"));
  try {
    const file = join(folder, "b.safetensors");
    const weights = randomWeights(conditionGraph(config), decoderGraph(config));
    const tensors = [...weights.entries.keys()].map(async (name) => {
      return [name, { shape: weights.entries.get(name)!.shape, data: await weights.floats(name) }] as const;
    });
    await writeSafetensors(file, await Promise.all(tensors), {});
    const bytes = (await stat(file)).size;
    const child = spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), file], {
      encoding: "utf8",
    });
    if (child.status !== 0) throw new Error(child.stderr);
    const peak = Number(child.stdout.trim().split("\n").at(-1));
    console.log(`loading ${(bytes / 1e6).toFixed(0)} MB of float32 weights and one step`);
    console.log(
      `peak memory     ${(peak / 1e6).toFixed(0)} MB = ${(peak / bytes).toFixed(2)} N; 1.25 N + 200 MB = ${((1.25 * bytes) / 1e6 + 200).toFixed(0)} MB`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The child: loads, steps once, prints its peak resident bytes. */
async function load(file: string): Promise<void> {
  await using checkpoint = await openCheckpoint(file);
  await using engine = await openEngine({ device: "cpu" });
  await using model = await openTransformer(engine, config, checkpoint);
  await using session = await openSession(model, { condition: { kind: "class", classes: [1] }, guided: true });
  await session.forward({ keep: 0, feed: [], ids: [[]], sight: "causal", fill: [0] });
  const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile("/proc/self/status", "utf8"));
  console.log(peak ? Number(peak[1]) * 1024 : process.resourceUsage().maxRSS * 1024);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await load(process.argv[2]!);
