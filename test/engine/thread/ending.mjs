// Child process of ending.test.ts and bench/endings.ts: begins a run, and ends in the middle of it, in the way and after the
// milliseconds that the arguments name. It runs the built package, as an application would. Says "over" where the run was over first.
//   node ending.mjs exit|throw|signal|terminate MILLISECONDS MEDIUM ORDER [MODEL]
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  loadImageModel,
  loadMaskModel,
  loadMeshModel,
  loadSpeechModel,
  loadTextModel,
  streamImage,
  streamMesh,
  streamSegmentation,
  streamSpeech,
  streamText,
} from "../../../dist/index.js";

const [way, milliseconds, medium, decoding, source] = isMainThread ? process.argv.slice(2) : workerData;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const tell = (word) => (isMainThread ? console.log(word) : parentPort.postMessage(word));

const SENTENCE = "The light of the moon fell on the road, and nobody was there to see it. ";
const grey = { width: 128, height: 128, rgba: new Uint8Array(4 * 128 * 128).fill(128) };

/** A run of each medium that takes a second or so. */
const RUNS = {
  image: [loadImageModel, (model) => streamImage({ model, prompt: "fox", seed: 1, n: 4, decoding })],
  speech: [loadSpeechModel, (model) => streamSpeech({ model, text: SENTENCE.repeat(8) })],
  mesh: [loadMeshModel, (model) => streamMesh({ model, prompt: "chair", seed: 1, n: 4, decoding })],
  mask: [loadMaskModel, (model) => streamSegmentation({ model, image: grey, prompt: "car", n: 16 })],
  text: [
    loadTextModel,
    // Without its end, a text is as long as the model sees.
    (model) => streamText({ model, prompt: SENTENCE, n: 4, maxOutputTokens: 1000, logitBias: { 0: -100 }, decoding }),
  ],
};

/** Resolves when the first event is there; the rest goes on. */
async function begin() {
  const [load, stream] = RUNS[medium];
  const events = stream(await load(source))[Symbol.asyncIterator]();
  await events.next();
  (async () => {
    while (!(await events.next()).done);
    tell("over");
  })().catch(() => {});
}

const ENDINGS = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error("meant");
  },
  signal: () => process.kill(process.pid, "SIGTERM"),
};

if (isMainThread && way === "terminate") {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) });
  await new Promise((resolve) => worker.on("message", (word) => (word === "begun" ? resolve() : console.log(word))));
  await wait(Number(milliseconds));
  await worker.terminate();
  await wait(50); // an abort comes from the threads below it
  console.log("alive");
} else {
  await begin();
  if (!isMainThread) tell("begun");
  else {
    process.on("SIGTERM", () => process.exit(0));
    setTimeout(ENDINGS[way], Number(milliseconds));
  }
}
