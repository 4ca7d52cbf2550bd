/** Words in, pictures out.   npx tsx examples/image/basic.ts */
import { generateImage, loadImageModel } from "tessera-sdk";

await using model = await loadImageModel(); // tessera-icons, which travels in the package
const { images, usage } = await generateImage({ model, prompt: "red apple", style: "fluent-3d", n: 4, seed: 7 });
for (const image of images) await image.save(`out/apple-${image.index}.png`);
console.log(`${images.length} pictures, ${usage.outputTokens} tokens, ${Math.round(usage.milliseconds)} ms`);
