/** Pictures from a prompt, a class or features. */
import { checkOptions, type Options } from "../base/check.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import { drawImages } from "./draw-images.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { IMAGE_MODELS, type ImageModel } from "./model.js";
import { type ImageSettings, type ImageSubject, requestOf } from "./request.js";

export type GenerateImageOptions = ImageSubject & Options<ImageSettings> & RunOptions<ImageModel>;

/**
 * Makes pictures and answers them with warnings, usage and manifests. The same model, device, precision and seed give the same
 * pictures, however many are made at once.
 *
 * @throws ArgumentError, UnknownNameError for options; what loadImageModel throws, also for files that only the decoding asked
 *   for needs; ExecutionError; the reason of `signal`.
 * @example
 * const { images } = await generateImage({ prompt: "red apple", style: "fluent-3d", seed: 7 });
 * await images[0].save("apple.png");
 */
export async function generateImage(options: GenerateImageOptions): Promise<ImageResult> {
  return resultOf(streamImage(options));
}

/**
 * The same as a stream of events: progress after every pass, previews where `previewEvery` asks for them, each picture when it
 * is done, the result at the end. Leaving the loop early stops the work.
 */
export function streamImage(options: GenerateImageOptions): AsyncGenerator<ImageEvent, void, void> {
  checkOptions("generateImage", options);
  const { model, signal, ...rest } = options;
  return running({ model, signal }, IMAGE_MODELS, (model) => drawImages(model, requestOf(model, rest), null, signal));
}
