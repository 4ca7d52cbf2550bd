/**
 * Peak resident memory of a process that loads an N-byte float32 checkpoint and runs one step: 1.25 N + 200 MB is the most.
 * The file is LlamaGen-B's shape (444 MB) as safetensors, with random weights; the load runs in a process of its own.
 */
import { conditionGraph } from "../src/core/llamagen/condition.js";
import { transformerConfig } from "../src/core/llamagen/config.js";
import { LLAMAGEN } from "../src/core/llamagen/architecture.js";
import { openModel } from "../src/core/model.js";
import { openSession } from "../src/core/session.js";
import { decoderGraph } from "../src/core/llamagen/graph.js";
import { openEngine } from "../src/engine/open.js";
import { openCheckpoint } from "../src/engine/weights/open.js";
import { inOwnProcess, isScript, peakMemory, withFile } from "./own-process.js";
import { randomWeights } from "./random-weights.js";

const config = transformerConfig("llamagen-c2i-b-256");

export async function loadMemory(): Promise<void> {
  await withFile(randomWeights(conditionGraph(config), decoderGraph(config)), (file, bytes) => {
    const { peak } = inOwnProcess(import.meta.url, file);
    console.log(`loading ${(bytes / 1e6).toFixed(0)} MB of float32 weights and one step`);
    console.log(
      `peak memory     ${(peak! / 1e6).toFixed(0)} MB = ${(peak! / bytes).toFixed(2)} N; 1.25 N + 200 MB = ${((1.25 * bytes) / 1e6 + 200).toFixed(0)} MB`,
    );
  });
}

/** The child: loads, steps once, prints its peak resident bytes. */
async function load(file: string): Promise<void> {
  await using checkpoint = await openCheckpoint(file);
  await using engine = await openEngine({ device: "cpu" });
  await using model = await openModel(engine, LLAMAGEN, config, checkpoint);
  await using session = await openSession(model, { kind: "class", classes: [1] }, { guided: true });
  await session.forward({ keep: 0, feed: [], values: [[]], sight: "causal", fill: [0] });
  console.log(JSON.stringify({ peak: await peakMemory() }));
}

if (isScript(import.meta.url)) await load(process.argv[2]!);
