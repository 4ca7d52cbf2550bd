/** An image model of the AI SDK. */
import { randomInt } from "node:crypto";
import {
  ArgumentError,
  type EditImageOptions,
  editImage,
  generateImage,
  type GenerateImageOptions,
  type ImageModel,
} from "../index.js";
import type { CalledFile, CallWarning, ImageCall, TesseraImageModel } from "./specification.js";

/** All pictures of a call are made in one, so that their indexes, and with these the pictures, differ. */
const MOST_IMAGES = 1000;

export const imageModelOf = (modelId: string, model: ImageModel | string): TesseraImageModel => ({
  ...{ specificationVersion: "v4", provider: "tessera.image", modelId },
  ...{ maxImagesPerCall: MOST_IMAGES, supportsFileInputs: true, supportsMaskInputs: true },
  async doGenerate(call) {
    const warnings: CallWarning[] = [];
    const { prompt, n, size, aspectRatio, abortSignal: signal, providerOptions } = call;
    if (aspectRatio !== undefined && aspectRatio !== "1:1")
      warnings.push({ type: "unsupported", feature: "aspectRatio", details: "Pictures are square." });
    // Without a seed another one each time, which the metadata tell.
    const common = { model, signal, prompt, n, seed: call.seed ?? randomInt(2 ** 32), ...providerOptions?.tessera };
    const made = isEdit(call)
      ? await editImage({ ...common, ...sourcesOf(call, warnings) } as EditImageOptions)
      : await generateImage({ ...common, size } as GenerateImageOptions);
    const { images, usage, response } = made;
    const { inputTokens, outputTokens, totalTokens } = usage;
    return {
      images: images.map(({ bytes }) => bytes),
      warnings: [...warnings, ...made.warnings],
      providerMetadata: {
        tessera: {
          images: images.map(({ seed, index, width, height, format, manifest }) => {
            return { seed, index, width, height, format, rgbaSha256: manifest.picture.rgbaSha256 };
          }),
        },
      },
      response: { timestamp: response.timestamp, modelId: response.modelId, headers: undefined },
      usage: { inputTokens, outputTokens, totalTokens },
    };
  },
});

const isEdit = ({ files, mask }: ImageCall): boolean => (files?.length ?? 0) > 0 || mask !== undefined;

function sourcesOf({ files = [], mask, size }: ImageCall, warnings: CallWarning[]) {
  if (files.length !== 1) throw new ArgumentError("files", "one picture to draw into", files);
  if (mask === undefined) throw new ArgumentError("mask", "a mask, white where the picture is drawn anew", mask);
  if (size !== undefined)
    warnings.push({ type: "unsupported", feature: "size", details: "An edit has the size of its picture." });
  return { image: bytesOf("files", files[0]!), mask: bytesOf("mask", mask) };
}

function bytesOf(argument: string, file: CalledFile): Uint8Array {
  if (file.type === "url")
    throw new ArgumentError(argument, "the bytes of a picture, as nothing is downloaded", file.url);
  return typeof file.data === "string" ? new Uint8Array(Buffer.from(file.data, "base64")) : file.data;
}
