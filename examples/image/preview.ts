/** Watching a picture grow: a preview after every second pass, and a way to stop.   npx tsx examples/image/preview.ts */
import { writeFile } from "node:fs/promises";
import { streamImage } from "tessera-sdk";

const signal = AbortSignal.timeout(60_000);
for await (const event of streamImage({ prompt: "hot air balloon", seed: 3, previewEvery: 2, signal })) {
  if (event.type === "image-preview") await writeFile(`balloon-${event.done}.png`, event.bytes);
  if (event.type === "image-end") await event.image.save("balloon.png");
}
