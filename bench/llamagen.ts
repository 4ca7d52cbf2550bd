/**
 * Cached decoding in the shapes of LlamaGen and of NAR, random weights, guidance (two rows a token), beside the same network in
 * eager PyTorch in the same run.   npm run bench -- llamagen-b llamagen-l nar-l
 */
import { conditionGraph } from "../src/core/llamagen/condition.js";
import { derive, type TransformerName, transformerConfig } from "../src/core/llamagen/config.js";
import { decode } from "../src/core/decode/loop.js";
import { nextNeighbor } from "../src/core/decode/next-neighbor.js";
import { nextToken } from "../src/core/decode/next-token.js";
import { sampler } from "../src/core/decode/sampler.js";
import type { Strategy } from "../src/core/decode/step.js";
import { guidance } from "../src/core/sampling/guidance.js";
import { LLAMAGEN } from "../src/core/llamagen/architecture.js";
import { openModel } from "../src/core/model.js";
import { openSession } from "../src/core/session.js";
import { decoderGraph } from "../src/core/llamagen/graph.js";
import type { Precision } from "../src/engine/engine.js";
import { openEngine } from "../src/engine/open.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";

const SHAPES = {
  "llamagen-b": { config: "llamagen-c2i-b-256", tokens: 128 },
  "llamagen-l": { config: "llamagen-c2i-l-256", tokens: 256 },
  "nar-l": { config: "nar-c2i-l-256", tokens: 256 },
} as const satisfies Record<string, { readonly config: TransformerName; readonly tokens: number }>;

/** Tokens a second, by precision and in PyTorch. */
export async function llamagen(name: keyof typeof SHAPES): Promise<void> {
  const { tokens } = SHAPES[name];
  const config = transformerConfig(SHAPES[name].config);
  const { layers, heads, width, hidden, vocabulary, grid, prediction } = config;
  const weights = randomWeights(conditionGraph(config), decoderGraph(config));

  const tokensPerSecond = async (precision: Precision): Promise<number> => {
    await using engine = await openEngine({ device: "cpu" });
    await using model = await openModel(engine, LLAMAGEN, config, weights, { precision });
    const run = async (strategy: Strategy) => {
      await using session = await openSession(model, { kind: "class", classes: [207] }, { guided: true });
      const began = performance.now();
      const sample = sampler({ seed: 0, guidance: guidance(2) });
      for await (const _ of decode(session, strategy, sample));
      return (1000 * strategy.most) / (performance.now() - began);
    };
    const byDiagonals = prediction.kind === "next-neighbor";
    await run(nextToken(1, byDiagonals ? 2 : 8)); // the first passes of any order, as a warm-up
    return await run(byDiagonals ? nextNeighbor(1, derive(config).extents) : nextToken(1, tokens)); // awaited before the engine closes
  };

  const shape = [layers, heads, width, hidden, vocabulary, grid].join();
  const reference = pytorch("llamagen.py", shape, prediction.kind, String(tokens))?.tokensPerSecond;
  const row = (what: string, speed: number) =>
    console.log(
      `${what.padEnd(22)} ${speed.toFixed(1).padStart(7)} tokens/s${reference ? `  ${(speed / reference).toFixed(2)}x` : ""}`,
    );
  console.log(`${name} shape, ${prediction.kind}, ${tokens} tokens, guidance batch of 2`);
  if (reference) row("PyTorch eager float32", reference);
  for (const precision of ["f32", "q8", "q4"] as const)
    row(`tessera cpu ${precision}`, await tokensPerSecond(precision));
}
