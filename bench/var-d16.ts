/**
 * One 256 x 256 picture by next-scale decoding in the shape of VAR-d16 (16 layers, 1024, ten scales), random weights, guidance
 * (two rows), VAR's sampling, beside the same network in eager PyTorch in the same run.   npm run bench -- var-d16
 *
 * Counted is what makes the ids and the canvas, on both sides; turning a canvas into pixels is measured apart, and with it
 * what previews cost. Peak memory is that of a process that maps a float32 file: at most 1.3 N + 600 MB.
 */
import { decode } from "../src/core/decode/loop.js";
import { nextScale } from "../src/core/decode/next-scale.js";
import { sampler } from "../src/core/decode/sampler.js";
import { varGuidance } from "../src/core/sampling/guidance.js";
import { scaleConditionGraph } from "../src/core/var/condition.js";
import { scaleStarts } from "../src/core/grid.js";
import { openSession } from "../src/core/session.js";
import { scaleConfig } from "../src/core/var/config.js";
import { openModel } from "../src/core/model.js";
import { VAR } from "../src/core/var/architecture.js";
import type { ScaleStart } from "../src/core/var/feeder.js";
import { scaleDecoderGraph } from "../src/core/var/graph.js";
import type { Precision } from "../src/engine/engine.js";
import { openEngine } from "../src/engine/open.js";
import { type FloatTensor, tensor } from "../src/engine/tensor.js";
import { openCheckpoint } from "../src/engine/weights/open.js";
import { MULTI_SCALE_CONFIGS } from "../src/tokenizers/image/multi-scale-config.js";
import { multiScalePrograms, openMultiScaleTokenizer } from "../src/tokenizers/image/multi-scale-tokenizer.js";
import { inOwnProcess, isScript, peakMemory, withFile } from "./own-process.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";

const RUNS = 3;
const config = scaleConfig("var-d16");
const pictures = MULTI_SCALE_CONFIGS["var-256"];

export async function varD16(): Promise<void> {
  const reference = pytorch("var_d16.py", String(RUNS))?.seconds;
  console.log(`VAR-d16 shape, one picture with guidance, the best of ${RUNS}`);
  if (reference) console.log(`PyTorch eager float32   ${reference.toFixed(2)} s`);
  const transformer = randomWeights(scaleConditionGraph(config), scaleDecoderGraph(config));
  const tokenizer = randomWeights(...Object.values(multiScalePrograms(pictures)));
  await withFile(transformer, (file, bytes) =>
    withFile(tokenizer, (tokenizerFile) => {
      for (const precision of ["f32", "q8"] as const) {
        const { seconds, render, peak } = inOwnProcess(import.meta.url, file, tokenizerFile, precision);
        const ratio = reference ? `  ${(reference / seconds!).toFixed(2)}x` : "";
        console.log(`tessera cpu ${precision}         ${seconds!.toFixed(2)} s${ratio}`);
        const most = (1.3 * bytes + 600e6) / 1e6;
        console.log(`  peak memory           ${(peak! / 1e6).toFixed(0)} MB; 1.3 N + 600 MB = ${most.toFixed(0)} MB`);
        const share = (100 * render!) / (seconds! + render!);
        console.log(
          `  a preview in full     ${render!.toFixed(2)} s = ${share.toFixed(0)} % of a run with its last picture`,
        );
      }
    }),
  );
}

/** The child: the best time of a picture, the peak of resident bytes until then, and the time from a canvas to pixels. */
async function measure(file: string, tokenizerFile: string, precision: Precision): Promise<void> {
  await using checkpoint = await openCheckpoint(file);
  await using tokenizerWeights = await openCheckpoint(tokenizerFile);
  await using engine = await openEngine({ device: "cpu" });
  await using model = await openModel(engine, VAR, config, checkpoint, { precision });
  await using tokenizer = await openMultiScaleTokenizer(engine, pictures, tokenizerWeights);
  const starts = scaleStarts(config.sides);
  const sample = sampler({
    seed: 0,
    sampling: { topK: 900, topP: 0.96, topPOrder: "ascending" },
    guidance: varGuidance(1.5, starts.slice(1, -1)),
  });
  const picture = async () => {
    const began = performance.now();
    const start: ScaleStart = {
      condition: { kind: "class", classes: [207] },
      paint: (...scale) => tokenizer.paint(...scale),
    };
    await using session = await openSession(model, start, { guided: true });
    for await (const _ of decode(session, nextScale(1, config.sides), sample));
    return (performance.now() - began) / 1000;
  };
  await picture();
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) times.push(await picture());
  const peak = await peakMemory();
  const [side, D] = [config.sides.at(-1)!, config.codeDim];
  const canvas: FloatTensor = tensor([1, D, side, side], new Float32Array(D * side ** 2));
  await tokenizer.render(canvas);
  const began = performance.now();
  await tokenizer.render(canvas);
  console.log(JSON.stringify({ seconds: Math.min(...times), peak, render: (performance.now() - began) / 1000 }));
}

if (isScript(import.meta.url)) await measure(process.argv[2]!, process.argv[3]!, process.argv[4] as Precision);
