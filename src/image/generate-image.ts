/** Pictures from a prompt, a class or features. */
import { check, type Options } from "../base/check.js";
import { drawImages } from "./draw-images.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { type ImageModel, loadImageModel } from "./model.js";
import { type ImageSettings, type ImageSubject, requestOf } from "./request.js";

export type GenerateImageOptions = ImageSubject &
  Options<ImageSettings> & {
    /** A loaded model, which stays open; or a name or folder, which is loaded for this call alone. Default: tessera-icons. */
    readonly model?: ImageModel | string | undefined;
    /** Stops between two passes; the call rejects with signal.reason, and the model stays usable. */
    readonly signal?: AbortSignal | undefined;
  };

/**
 * Makes pictures and answers them with warnings, usage and manifests. The same model, device, precision and seed give the same
 * pictures, however many are made at once.
 *
 * @throws ArgumentError, UnknownNameError for options; what loadImageModel throws; ExecutionError; the reason of `signal`.
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
export async function* streamImage(options: GenerateImageOptions): AsyncGenerator<ImageEvent, void, void> {
  const { model: source, signal, ...rest } = options;
  check("signal", "an AbortSignal", signal, (s) => s === undefined || s instanceof AbortSignal);
  signal?.throwIfAborted();
  const model = typeof source === "object" ? source : await loadImageModel(source);
  try {
    yield* drawImages(model, requestOf(model, rest), null, signal);
  } finally {
    if (model !== source) await model.close();
  }
}

/** The result of a run, whose stream ends with run-end, or throws. */
export async function resultOf(events: AsyncIterable<ImageEvent>): Promise<ImageResult> {
  let result: ImageResult | undefined;
  for await (const event of events) if (event.type === "run-end") result = event.result;
  return result!;
}
