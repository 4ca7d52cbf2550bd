/** What a mask takes on two threads: by the embedded model, or that of the folder MASKS.   npm run bench -- masks */
import { loadMaskModel } from "../src/mask/model.js";
import { segmentImage } from "../src/mask/segment-image.js";

const THREADS = 2;
const RUNS = 20;

export async function masks(): Promise<void> {
  await using model = await loadMaskModel(process.env.MASKS, { device: "cpu", threads: THREADS });
  const image = {
    ...{ width: 640, height: 480 },
    rgba: Uint8Array.from({ length: 4 * 640 * 480 }, (_, i) => (i % 4 === 3 ? 255 : (i >> 5) % 256)),
  };
  const find = (seed: number) => segmentImage({ model, image, prompt: "car", seed });
  await find(0);
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let seed = 1; seed <= RUNS; seed++) times.push((await find(seed)).usage.milliseconds);
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const cores = (user + system) / 1000 / RUNS;
  console.log(`${model.name} (${model.precision}) on ${model.device.name}, ${THREADS} threads, ${model.tokens} tokens`);
  console.log(`a mask          ${times[RUNS / 2]!.toFixed(0)} ms median, ${times[0]!.toFixed(0)} ms fastest`);
  console.log(`processor time  ${cores.toFixed(0)} ms of all cores together`);
}
