/** The promise of the README on the default model itself: how many threads work on a picture does not change it. */
import { expect, test } from "vitest";
import { generateImage } from "../../src/image/generate-image.js";
import { loadImageModel } from "../../src/image/model.js";
import { openEngine } from "../../src/engine/open.js";

async function tokensWith(threads: number): Promise<readonly string[]> {
  await using engine = await openEngine({ device: "cpu", threads });
  await using model = await loadImageModel("tessera-icons", { engine });
  const { images } = await generateImage({ model, prompt: "fox", seed: 5, n: 2 });
  return images.map((image) => image.manifest.tokens.sha256);
}

test("one thread or two: the same tokens", { timeout: 120_000 }, async () => {
  const one = await tokensWith(1);
  expect(new Set(one).size).toBe(2); // two pictures, so that the comparison says something
  expect(await tokensWith(2)).toEqual(one);
});
