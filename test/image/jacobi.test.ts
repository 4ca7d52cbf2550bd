/** The promise of coupled decoding on the default model itself: the tokens of next-token decoding, in at most three quarters of the passes. */
import { expect, test } from "vitest";
import { generateImage } from "../../src/image/generate-image.js";
import { loadImageModel } from "../../src/image/model.js";

test("jacobi gives the tokens of next-token in three quarters of the passes", { timeout: 300_000 }, async () => {
  // In float32: int8 products round a window and a single token apart (see the note in image/decoding.ts).
  await using model = await loadImageModel("tessera-icons", { device: "cpu", precision: "f32" });
  for (const seed of [0, 5]) {
    const draw = (decoding: "next-token" | "jacobi") => generateImage({ model, prompt: "fox", seed, decoding });
    const [plain, jacobi] = [await draw("next-token"), await draw("jacobi")];
    expect(jacobi.images[0]!.ids).toEqual(plain.images[0]!.ids);
    expect(jacobi.usage.forwardPasses).toBeLessThanOrEqual(0.75 * plain.usage.forwardPasses);
  }
});
