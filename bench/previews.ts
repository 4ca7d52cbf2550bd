/** What looking costs: pictures of the default model with five previews each, beside the same without, one after the other. */
import { loadImageModel, streamImage } from "../src/index.js";

const RUNS = 24;
const PREVIEWS = 5;

export async function previews(): Promise<void> {
  const model = await loadImageModel();
  console.log(`${PREVIEWS} previews of a picture, medians of ${RUNS} pairs`);
  for (const decoding of ["next-scale", "next-token", "next-neighbor"] as const) {
    const picture = async (previewEvery: number) => {
      const began = performance.now();
      let passes = 0;
      for await (const event of streamImage({ model, prompt: "red apple", decoding, previewEvery }))
        if (event.type === "tokens-accept") passes++;
      return { passes, milliseconds: performance.now() - began };
    };
    const { passes } = await picture(1);
    const every = Math.ceil(passes / (PREVIEWS + 1)); // the last pass shows the picture itself
    const pairs: (readonly [alone: number, watched: number])[] = [];
    for (let run = 0; run < RUNS; run++)
      pairs.push([(await picture(0)).milliseconds, (await picture(every)).milliseconds]);
    const share = median(pairs.map(([alone, watched]) => (100 * (watched - alone)) / watched));
    const [alone, watched] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
    const times = `${alone.toFixed(0)} ms, with previews ${watched.toFixed(0)} ms`;
    console.log(`${decoding.padEnd(15)} ${times}: ${share.toFixed(0)} % of the run`);
  }
  await model.close();
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
