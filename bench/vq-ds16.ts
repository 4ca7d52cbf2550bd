/** Decoding one 256 x 256 picture with LlamaGen's VQ-16 decoder, random weights, beside eager PyTorch in the same run. */
import { openEngine } from "../src/engine/open.js";
import { VQ_CONFIGS } from "../src/tokenizers/image/vq-config.js";
import { openVqTokenizer, vqPrograms } from "../src/tokenizers/image/vq-tokenizer.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";

const RUNS = 3;
const SIDE = 16;

export async function vqDs16(): Promise<void> {
  const reference = pytorch("vq_ds16.py", String(RUNS))?.secondsPerPicture;
  const config = VQ_CONFIGS["vq-ds16"];
  await using engine = await openEngine({ device: "cpu" });
  await using tokenizer = await openVqTokenizer(engine, config, randomWeights(...Object.values(vqPrograms(config))));
  const ids = {
    shape: [1, SIDE, SIDE],
    data: Int32Array.from({ length: SIDE ** 2 }, (_, i) => (i * 61) % config.vocab),
  };
  await tokenizer.decode(ids);
  const began = performance.now();
  for (let run = 0; run < RUNS; run++) await tokenizer.decode(ids);
  const seconds = (performance.now() - began) / 1000 / RUNS;
  console.log("VQ-16 decoder, one 256 x 256 picture");
  if (reference) console.log(`PyTorch eager float32  ${reference.toFixed(2)} s`);
  console.log(
    `tessera cpu f32        ${seconds.toFixed(2)} s${reference ? `  ${(reference / seconds).toFixed(2)}x` : ""}`,
  );
}
