/**
 * A text model in the shape of Qwen2-0.5B with random weights on two threads: reading a prompt of 512 tokens, then writing behind it,
 * beside the same network in eager PyTorch and in llama.cpp in the same run.   npm run bench -- text
 * THREADS sets another number of them: on a machine that others use, threads of llama.cpp wait for each other actively, and one is fairer.
 */
import { decode } from "../src/core/decode/loop.js";
import { nextToken } from "../src/core/decode/next-token.js";
import { sampler } from "../src/core/decode/sampler.js";
import { hubConfig } from "../src/core/hub-config.js";
import { LLAMA } from "../src/core/llama/architecture.js";
import { llamaGraph } from "../src/core/llama/graph.js";
import { readLlamaConfig } from "../src/core/llama/read-config.js";
import { openModel } from "../src/core/model.js";
import { openSession } from "../src/core/session.js";
import type { Precision } from "../src/engine/engine.js";
import { openEngine } from "../src/engine/open.js";
import { llamaCpp, type Speeds as LlamaCppSpeeds } from "./llama-cpp.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";

const QWEN2 = readLlamaConfig(
  hubConfig({
    ...{ model_type: "qwen2", vocab_size: 151_936, hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24 },
    ...{ num_attention_heads: 14, num_key_value_heads: 2, max_position_embeddings: 32_768, rms_norm_eps: 1e-6 },
    ...{ rope_theta: 1e6, tie_word_embeddings: true },
  }),
);
const THREADS = Number(process.env.THREADS ?? 2);
const PROMPT = 512;
const TOKENS = 32;

export async function text(): Promise<void> {
  const weights = randomWeights(llamaGraph(QWEN2));
  const speeds = async (precision: Precision): Promise<Speeds> => {
    await using engine = await openEngine({ device: "cpu", threads: THREADS });
    await using model = await openModel(engine, LLAMA, QWEN2, weights, { precision });
    const run = async (length: number, most: number): Promise<Speeds> => {
      const prompts = [Array.from({ length }, (_, i) => (7 * i) % QWEN2.vocabulary)];
      await using session = await openSession(model, { prompts, unconditional: null, most }, { guided: false });
      const began = performance.now();
      let read = 0;
      const draws = sampler({ seed: 0, sampling: { temperature: 0 } });
      for await (const { type } of decode(session, nextToken(1, most), draws))
        if (type === "tokens-accept" && read === 0) read = performance.now() - began;
      const written = performance.now() - began - read;
      return { promptTokensPerSecond: (1000 * length) / read, tokensPerSecond: (1000 * (most - 1)) / written };
    };
    await run(16, 4); // a warm-up
    return await run(PROMPT, TOKENS); // awaited before the engine closes
  };

  const { layers, heads, kvHeads, headSize, width, hidden, vocabulary } = QWEN2;
  const shape = [layers.length, heads, kvHeads, headSize, width, hidden, vocabulary].join();
  const reference = pytorch("text.py", shape, String(PROMPT), String(TOKENS), String(THREADS)) as Speeds | null;
  const row = (what: string, { promptTokensPerSecond: prompt, tokensPerSecond: decoding }: Speeds): void => {
    const ratio = (speed: number, of: number | undefined) => (of ? `  ${(speed / of).toFixed(2)}x` : "");
    const [p, d] = [ratio(prompt, reference?.promptTokensPerSecond), ratio(decoding, reference?.tokensPerSecond)];
    console.log(
      `${what.padEnd(22)} prompt ${prompt.toFixed(0).padStart(5)} tokens/s${p}   decoding ${decoding.toFixed(1).padStart(5)} tokens/s${d}`,
    );
  };
  console.log(
    `Qwen2-0.5B shape, random weights, a prompt of ${PROMPT} tokens, ${TOKENS} behind it, ${THREADS} threads`,
  );
  if (reference) row("PyTorch eager float32", reference);
  for (const [precision, kind] of [
    ["f32", "f32"],
    ["q8", "q8_0"],
  ] as const) {
    const ours = await speeds(precision);
    row(`tessera cpu ${precision}`, ours);
    const theirs = await llamaCpp(kind, shape, { prompt: PROMPT, tokens: TOKENS, threads: THREADS });
    if (!theirs) continue;
    row(`llama.cpp ${kind}`, theirs);
    const [prompt, decoding] = (["promptTokensPerSecond", "tokensPerSecond"] as const).map(
      (of) => ours[of] / theirs[of],
    );
    // Writing reads all weights once per token; reading a prompt multiplies twice with each of them per token.
    const bandwidth = (theirs.bytes * theirs.tokensPerSecond) / 1e9;
    const arithmetic = (2 * PARAMETERS * theirs.promptTokensPerSecond) / 1e9;
    console.log(`  of llama.cpp: prompt ${prompt!.toFixed(2)}x, decoding ${decoding!.toFixed(2)}x`);
    console.log(
      `  llama.cpp reads ${bandwidth.toFixed(1)} GB/s of weights while it writes, and does ${arithmetic.toFixed(0)} Gflop/s on a prompt`,
    );
  }
}

/** Weights that every token of a prompt is multiplied with; the table of ids is so once, for the last one. */
const PARAMETERS =
  QWEN2.layers.length *
  (2 * QWEN2.width * QWEN2.headSize * (QWEN2.heads + QWEN2.kvHeads) + 3 * QWEN2.width * QWEN2.hidden);

type Speeds = Omit<LlamaCppSpeeds, "bytes">;
