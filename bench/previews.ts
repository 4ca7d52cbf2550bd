/** What looking costs: pictures of the default model with five previews each, beside the same without, one after the other. */
import { loadImageModel, streamImage } from "../src/index.js";

const RUNS = 16;
const PREVIEWS = 5;

export async function previews(): Promise<void> {
  const model = await loadImageModel();
  console.log(`${PREVIEWS} previews of a picture, the best of ${RUNS}`);
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
    const [alone, watched] = [[] as number[], [] as number[]];
    for (let run = 0; run < RUNS; run++) {
      alone.push((await picture(0)).milliseconds);
      watched.push((await picture(every)).milliseconds);
    }
    const [without, whole] = [Math.min(...alone), Math.min(...watched)];
    const share = `${((100 * (whole - without)) / whole).toFixed(0)} % of the run`;
    console.log(`${decoding.padEnd(15)} ${without.toFixed(0)} ms, with previews ${whole.toFixed(0)} ms: ${share}`);
  }
  await model.close();
}
