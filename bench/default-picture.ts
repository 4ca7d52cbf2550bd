/** What a user waits for: loading the default model, one picture warm, memory, and how long the event loop ever waited. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { generateImage, loadImageModel } from "../src/index.js";

const PICTURES = 5;

export async function defaultPicture(): Promise<void> {
  const began = performance.now();
  await using model = await loadImageModel();
  const loaded = performance.now();
  const draw = (seed: number) => generateImage({ model, prompt: "red apple", seed });
  await draw(0);
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const warm = performance.now();
  for (let seed = 1; seed <= PICTURES; seed++) await draw(seed);
  const seconds = (performance.now() - warm) / 1000 / PICTURES;
  loop.disable();
  console.log(`default model ${model.name} (${model.precision}) on ${model.device.name}`);
  console.log(`load            ${((loaded - began) / 1000).toFixed(2)} s`);
  console.log(`picture, warm   ${seconds.toFixed(2)} s`);
  console.log(`memory          ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB resident`);
  console.log(`event loop      ${(loop.max / 1e6).toFixed(0)} ms longest wait`);
}
