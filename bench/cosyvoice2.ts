/**
 * CosyVoice 2 at its published sizes with random weights on two threads, beside the same networks in eager PyTorch in the same run: the
 * tokenizer of speech, the flow decoder and the vocoder.   npm run bench -- cosyvoice2
 * AUDIO=10 for that many seconds of speech. On a busy machine THREADS=1: threads that wait for each other burn core seconds.
 */
import { normals } from "../src/base/random.js";
import { generateSpeech } from "../src/audio/generate-speech.js";
import { loadSpeechModel } from "../src/audio/model.js";
import type { Precision } from "../src/engine/engine.js";
import { openEngine } from "../src/engine/open.js";
import { tensor } from "../src/engine/tensor.js";
import { unpacked } from "../src/engine/weights/block-codes.js";
import { openCheckpoint } from "../src/engine/weights/open.js";
import { folderRecipe } from "../src/media/recipe.js";
import { DEFAULT_SPEECH_MODEL } from "../src/models/known.js";
import { parseSpeechModelConfig } from "../src/models/speech-config.js";
import { FLOW_CONFIGS } from "../src/tokenizers/speech/flow/flow-config.js";
import { openFlowDecoder } from "../src/tokenizers/speech/flow/flow-decoder.js";
import { encoderGraph, estimatorGraph } from "../src/tokenizers/speech/flow/flow-graphs.js";
import { seededNoise } from "../src/tokenizers/speech/flow/start-noise.js";
import { S3_CONFIGS } from "../src/tokenizers/speech/s3/s3-config.js";
import { openSpeechTokenizer, s3Graph } from "../src/tokenizers/speech/s3/speech-tokenizer.js";
import { hiftGraphs, openHift } from "../src/tokenizers/speech/vocoder/hift.js";
import { HIFT_CONFIGS } from "../src/tokenizers/speech/vocoder/hift-config.js";
import { pytorch } from "./pytorch.js";
import { randomWeights } from "./random-weights.js";
import { type Speed, timed } from "./speed.js";

const THREADS = Number(process.env.THREADS ?? "2");
const RUNS = 2;
const PARTS = ["tokenizer", "flow", "vocoder"] as const;
type Speeds = Readonly<Record<(typeof PARTS)[number], Speed>>;

export async function cosyvoice2(): Promise<void> {
  const seconds = Number(process.env.AUDIO ?? "4");
  console.log(
    `CosyVoice 2's tokenizer, flow and vocoder, ${seconds} s of speech on ${THREADS} thread${THREADS > 1 ? "s" : ""}, best of ${RUNS}`,
  );
  const reference = pytorch("cosyvoice2.py", String(seconds), String(RUNS), String(THREADS));
  const theirs =
    reference &&
    (Object.fromEntries(
      PARTS.map((part) => [
        part,
        { seconds: reference[`${part}Seconds`]!, coreSeconds: reference[`${part}CoreSeconds`]! },
      ]),
    ) as Speeds);
  if (theirs) report("PyTorch eager float32", theirs, null);
  for (const precision of ["f32", "q8"] as const)
    report(`tessera cpu ${precision}`, await measured(seconds, precision), theirs);
  const { mean, most } = await heard();
  console.log(
    `mel of the default voice's flow in q8 beside f32: ${mean.toFixed(3)} dB apart on average, ${most.toFixed(2)} dB where most of all`,
  );
}

/** What q8 changes of trained weights: the flow of the default voice, an architecture like this one, on a sentence that it says. */
async function heard(): Promise<{ readonly mean: number; readonly most: number }> {
  await using engine = await openEngine({ device: "cpu", threads: THREADS });
  await using model = await loadSpeechModel(undefined, { engine });
  const { speeches } = await generateSpeech({ model, text: "The quick brown fox jumps over the lazy dog.", seed: 1 });
  const recipe = await folderRecipe(DEFAULT_SPEECH_MODEL, false, parseSpeechModelConfig);
  await using file = await openCheckpoint(recipe.locate(recipe.files.flow));
  const weights = unpacked(file);
  const mel = async (precision: Precision) => {
    await using flow = openFlowDecoder(engine, recipe.flow, weights, precision);
    const noise = seededNoise(1, 0);
    const fixed = {
      prompt: null,
      speaker: recipe.speakers[0]!.vector,
      noise,
      masks: "whole",
      ending: "final",
    } as const;
    return (await flow.decode({ tokens: speeches[0]!.ids, ...fixed })).data;
  };
  const [exact, near] = [await mel("f32"), await mel("q8")];
  const decibels = exact.map((x, i) => (Math.abs(x - near[i]!) * recipe.melScale.spread * 20) / Math.LN10);
  return { mean: decibels.reduce((a, b) => a + b) / decibels.length, most: Math.max(...decibels) };
}

async function measured(seconds: number, precision: Precision): Promise<Speeds> {
  await using engine = await openEngine({ device: "cpu", threads: THREADS });
  const s3 = S3_CONFIGS["s3-v2-25hz"];
  await using tokenizer = openSpeechTokenizer(engine, s3, randomWeights(s3Graph(s3, "equal lengths")), precision);
  const samples = Float32Array.from({ length: 16_000 * seconds }, (_, i) => 0.3 * Math.sin(i * (0.05 + i * 1e-7)));
  const tokenizing = await timed(() => tokenizer.encode(samples), RUNS);

  const config = FLOW_CONFIGS["cosyvoice2-0.5b"];
  const weights = randomWeights(encoderGraph(config, "whole", "final"), estimatorGraph(config, "whole"));
  await using flow = openFlowDecoder(engine, config, weights, precision);
  const tokens = Array.from({ length: config.tokenRate * seconds }, (_, i) => (i * 7919) % config.vocabulary);
  const request = { tokens, prompt: null, speaker: new Float32Array(config.speaker).fill(1), noise: seededNoise(0, 0) };
  const flowing = await timed(() => flow.decode({ ...request, masks: "whole", ending: "final" }), RUNS);

  const sound = HIFT_CONFIGS["cosyvoice2-0.5b"];
  await using vocoder = await openHift(engine, sound, randomWeights(...Object.values(hiftGraphs(sound))));
  const frames = config.tokenRate * config.framesPerToken * seconds;
  const address = { seed: 0, item: 0, position: 0, purpose: "noise" } as const;
  const mel = tensor([1, sound.mels, frames], Float32Array.from(normals(address, sound.mels * frames)));
  const voicing = await timed(() => vocoder.speak(mel, { seed: 0, item: 0, first: 0 }), RUNS);
  return { tokenizer: tokenizing, flow: flowing, vocoder: voicing };
}

function report(name: string, own: Speeds, reference: Speeds | null): void {
  const all = (speeds: Speeds): Speed => ({
    seconds: PARTS.reduce((sum, part) => sum + speeds[part].seconds, 0),
    coreSeconds: PARTS.reduce((sum, part) => sum + speeds[part].coreSeconds, 0),
  });
  const rows = [...PARTS.map((part) => [part, own[part], reference?.[part]] as const)];
  for (const [part, speed, theirs] of [...rows, ["together", all(own), reference && all(reference)] as const]) {
    const ratio = (of: keyof Speed) => (theirs ? `  ${(theirs[of] / speed[of]).toFixed(2)}x` : "");
    const figures = `${speed.seconds.toFixed(2)} s${ratio("seconds")}, ${speed.coreSeconds.toFixed(2)} core seconds`;
    console.log(`${name.padEnd(22)} ${part.padEnd(10)} ${figures}${ratio("coreSeconds")}`);
  }
}
