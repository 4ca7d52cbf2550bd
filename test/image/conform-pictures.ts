/** Pictures as a medium: what conformMedium() asks of every image model that draws from a prompt. */
import {
  generateImage,
  type GenerateImageOptions,
  type ImageEvent,
  type ImageModel,
  parseManifest,
  streamImage,
  verifyImage,
} from "../../src/index.js";
import { conformMedium } from "../media/conform-medium.js";

/** Fails where pictures of the models that `load` opens break one of the promises. */
export const conformPictures = (name: string, load: () => Promise<ImageModel>): void =>
  conformMedium(name, {
    load,
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
