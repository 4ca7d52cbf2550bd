// Child process of telemetry.test.ts: draws a picture, in this thread or, with the argument "worker", in a worker thread.
import { isMainThread, Worker } from "node:worker_threads";
import { generateImage } from "../../../dist/index.js";

if (isMainThread && process.argv[2] === "worker") new Worker(new URL(import.meta.url));
else await generateImage({ prompt: "fox", seed: 1 });
