/** Eight like requests that wait: drawn one after the other, and in one batch. The pictures are the same, to the byte. */
import {
  type GeneratedImage,
  generateImage,
  type GenerateImageOptions,
  type ImageEvent,
  loadImageModel,
  streamImages,
} from "../src/index.js";

const PROMPTS = ["red apple", "green pear", "blue car", "yellow star", "smiling dog", "house", "rocket", "pizza"];
const ROUNDS = 3;

export async function together(): Promise<void> {
  const model = await loadImageModel();
  await generateImage({ model, prompt: "red apple" });
  for (const decoding of ["next-scale", "next-neighbor", "next-token"] as const) {
    const requests = PROMPTS.map((prompt, i): GenerateImageOptions => ({ model, prompt, seed: 100 + i, decoding }));
    const seconds: Record<"apart" | "batch", number[]> = { apart: [], batch: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const apart: GeneratedImage[] = [];
      const started = performance.now();
      for (const request of requests) apart.push((await generateImage(request)).images[0]!);
      const between = performance.now();
      const batch = await Promise.all(streamImages(requests).map(pictureOf));
      seconds.apart.push((between - started) / 1000);
      seconds.batch.push((performance.now() - between) / 1000);
      if (!batch.every(({ bytes }, i) => Buffer.from(bytes).equals(apart[i]!.bytes)))
        throw new Error(`${decoding}: a picture of the batch is not the one drawn alone`);
    }
    const [alone, batched] = [seconds.apart, seconds.batch].map((times) => Math.min(...times)) as [number, number];
    console.log(
      `${decoding}: ${PROMPTS.length} pictures ${alone.toFixed(2)} s one by one, ${batched.toFixed(2)} s in one batch: ${(alone / batched).toFixed(2)}x`,
    );
  }
  await model.close();
}

async function pictureOf(events: AsyncIterable<ImageEvent>): Promise<GeneratedImage> {
  for await (const event of events) if (event.type === "run-end") return event.result.images[0]!;
  throw new Error("no picture");
}
