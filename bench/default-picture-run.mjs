// The process that default-picture.ts measures: the built package and nothing else, as an application would have it.
// Prints [model, precision, device, ms to load, ms a warm picture, resident bytes, longest wait of the event loop in ms].
import { monitorEventLoopDelay } from "node:perf_hooks";
import { generateImage, loadImageModel } from "../dist/index.js";

const PICTURES = 5;

const began = performance.now();
const model = await loadImageModel();
const loaded = performance.now();
const draw = (seed) => generateImage({ model, prompt: "red apple", seed });
await draw(0);
const loop = monitorEventLoopDelay({ resolution: 5 });
loop.enable();
const warm = performance.now();
for (let seed = 1; seed <= PICTURES; seed++) await draw(seed);
const picture = (performance.now() - warm) / PICTURES;
loop.disable();
const { name, precision, device } = model;
console.log(
  JSON.stringify([name, precision, device.name, loaded - began, picture, process.memoryUsage.rss(), loop.max / 1e6]),
);
await model.close();
