/**
 * Cached next-token decode of the LlamaGen-B shape (12 layers, 768, 16,384 codes), random weights, guidance (two rows a
 * token), beside the same network in eager PyTorch in the same run.   npm run bench -- llamagen-b
 */
import { conditionGraph } from "../src/core/condition.js";
import { transformerConfig } from "../src/core/configs.js";
import { decode } from "../src/core/decode/loop.js";
import { nextToken } from "../src/core/decode/next-token.js";
import { sampler } from "../src/core/decode/sampler.js";
import { guidance } from "../src/core/guidance.js";
import { openTransformer } from "../src/core/model.js";
import { openSession } from "../src/core/session.js";
import { decoderGraph } from "../src/core/transformer.js";
import type { Precision } from "../src/engine/engine.js";
import { openEngine } from "../src/engine/open.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";

const TOKENS = 128;
const config = transformerConfig("llamagen-c2i-b-256");
const weights = randomWeights(conditionGraph(config), decoderGraph(config));

async function tokensPerSecond(precision: Precision): Promise<number> {
  await using engine = await openEngine({ device: "cpu" });
  await using model = await openTransformer(engine, config, weights, { precision });
  const run = async (count: number) => {
    await using session = await openSession(model, { condition: { kind: "class", classes: [207] }, guided: true });
    const began = performance.now();
    const sample = sampler({ seed: 0, guidance: guidance(2) });
    for await (const _ of decode(session, nextToken(1, count), sample));
    return (1000 * count) / (performance.now() - began);
  };
  await run(8);
  return await run(TOKENS); // awaited here: the engine closes when this function returns
}

export async function llamagenB(): Promise<void> {
  const reference = pytorch("llamagen.py", String(TOKENS))?.tokensPerSecond;
  const row = (name: string, speed: number) =>
    console.log(
      `${name.padEnd(22)} ${speed.toFixed(1).padStart(7)} tokens/s${reference ? `  ${(speed / reference).toFixed(2)}x` : ""}`,
    );
  console.log(`LlamaGen-B shape, ${TOKENS} tokens, guidance batch of 2`);
  if (reference) row("PyTorch eager float32", reference);
  for (const precision of ["f32", "q8", "q4"] as const)
    row(`tessera cpu ${precision}`, await tokensPerSecond(precision));
}
