/** A picture that a test can watch: its manifest makes it again.   npx tsx examples/image/verify.ts */
import { generateImage, loadImageModel, readMarking, verifyImage } from "tessera-sdk";

const model = await loadImageModel("tessera-icons");
try {
  const { images } = await generateImage({ model, prompt: "octopus", style: "noto", seed: 3 });
  console.log(await readMarking(images[0]!.bytes)); // made by a trained model, and by which
  const { same, differences } = await verifyImage(images[0]!.manifest, { model });
  console.log(same ? "the same tokens and pixels" : differences.join("\n"));
} finally {
  await model.close();
}
