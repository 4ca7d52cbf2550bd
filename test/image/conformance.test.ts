/** Pictures keep what every medium promises. */
import {
  generateImage,
  type GenerateImageOptions,
  type ImageEvent,
  loadImageModel,
  parseManifest,
  streamImage,
  verifyImage,
} from "../../src/index.js";
import { conformMedium } from "../media/conform-medium.js";
import { temporaryFolder } from "../support/temporary-folder.js";
import { writeTinyImageModel } from "../support/tiny-image-model.js";

const folder = temporaryFolder();

conformMedium("pictures", {
  async load() {
    await writeTinyImageModel(folder);
    return loadImageModel(folder, { device: "reference" });
  },
  stream: (options) => streamImage({ prompt: "red apple", ...options } as GenerateImageOptions),
  items: (result: Awaited<ReturnType<typeof generateImage>>) => result.images,
  itemOf: (event) =>
    (event as ImageEvent).type === "image-end" ? (event as ImageEvent & { type: "image-end" }).image : undefined,
  fingerprint: ({ ids }) => ids.join(),
  ending: "png",
  outOfRange: { guidance: 0.5 },
  parseManifest,
  verify: (manifest, model) => verifyImage(manifest, { model }),
});
