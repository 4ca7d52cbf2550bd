// Child process of ending.test.ts: draws a picture and ends in the middle of it, in the way and after the milliseconds that
// the arguments name. It runs the built package, as an application would.
//   node ending.mjs exit|throw|signal|terminate ORDER MILLISECONDS
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { loadImageModel, streamImage } from "../../../dist/index.js";

const [, , way, order, milliseconds] = isMainThread ? process.argv : [null, null, ...workerData];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the first tokens are there; the rest goes on. */
async function drawing() {
  const model = await loadImageModel();
  const parts = streamImage({ model, prompt: "fox", seed: 1, n: 4, decoding: order })[Symbol.asyncIterator]();
  await parts.next();
  (async () => {
    while (!(await parts.next()).done);
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
  const worker = new Worker(new URL(import.meta.url), { workerData: [way, order, milliseconds] });
  await new Promise((resolve) => worker.once("message", resolve));
  await wait(Number(milliseconds));
  await worker.terminate();
  await wait(50); // an abort comes from the threads below it
  console.log("alive");
} else {
  await drawing();
  if (!isMainThread) {
    const { parentPort } = await import("node:worker_threads");
    parentPort.postMessage("drawing");
  } else {
    process.on("SIGTERM", () => process.exit(0));
    setTimeout(ENDINGS[way], Number(milliseconds));
  }
}
