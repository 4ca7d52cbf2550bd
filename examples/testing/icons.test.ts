/** A test that watches what a model draws. The first run writes the golden beside it.   npx vitest run --root examples/testing */
import { generateImage, type ImageModel, loadImageModel } from "tessera-sdk";
import { afterAll, beforeAll, expect, test } from "vitest";

let model: ImageModel;
beforeAll(async () => {
  model = await loadImageModel("tessera-icons", { precision: "f32" }); // the same ids on every device
});
afterAll(() => model.close());

test("a red apple", async () => {
  const { images } = await generateImage({ model, prompt: "red apple", style: "fluent-3d", seed: 7 });
  await expect(images[0]).toMatchTokens();
  await expect(images[0]).toMatchImage();
});

test("the third of a batch is the third alone", async () => {
  const options = { model, prompt: "fox", seed: 1 };
  const { images } = await generateImage({ ...options, n: 3 });
  const alone = await generateImage({ ...options, firstIndex: 2 });
  await expect(alone).toMatchImage({ expected: images[2], tolerance: { psnr: Infinity } });
});
