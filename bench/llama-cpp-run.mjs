/**
 * Reads a prompt and writes behind it by llama.cpp on CPU threads:   llama-cpp-run.mjs PACKAGE FILE PROMPT TOKENS THREADS
 * PACKAGE is the module of node-llama-cpp, which is no dependency. Prints tokens per second as one line of JSON.
 */
const [, , entry, modelPath, ...numbers] = process.argv;
const [prompt, tokens, threads] = numbers.map(Number);
const { getLlama } = await import(entry);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: threads, logLevel: "error" });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: prompt + tokens + 8, batchSize: 512, threads, sequences: 1 });

async function run(length, most) {
  const sequence = context.getSequence();
  const ids = Array.from({ length }, (_, i) => 7 * i);
  const began = performance.now();
  let read = 0;
  let written = 0;
  for await (const _ of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    if (written++ === 0) read = performance.now() - began;
    if (written === most) break;
  }
  const writing = performance.now() - began - read;
  sequence.dispose();
  return { promptTokensPerSecond: (1000 * length) / read, tokensPerSecond: (1000 * (most - 1)) / writing };
}

await run(16, 4); // a warm-up
console.log(JSON.stringify(await run(prompt, tokens)));
await llama.dispose();
