/** Pictures from a prompt, a class or features. */
import { check, checkOptions, type Options } from "../base/check.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import { drawImages } from "./draw-images.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { IMAGE_MODELS, type ImageModel } from "./model.js";
import { type ImageSettings, type ImageSubject, requestOf } from "./request.js";
import { type Begin, type Seat, seatsFor } from "./together.js";

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
export const streamImage = (options: GenerateImageOptions): AsyncGenerator<ImageEvent, void, void> => stream(options);

/** Requests of one call. */
const MOST_REQUESTS = 1000;

/**
 * Several requests at once, a stream for each, which tells what streamImage would tell of it: the same pictures, warnings and manifest.
 * Those on one model that differ in prompt, style, seed, number, size or format alone are drawn in common batches; the others one after
 * the other. A request that fails or is aborted leaves the others as they are.
 *
 * Drawing goes on when each stream has been read up to the last pass: read all of them at once, and leave the loop of one that
 * is not wanted any more.
 *
 * @throws ArgumentError for what is no list of requests; each stream throws what streamImage would throw.
 * @example
 * const streams = streamImages([{ model, prompt: "red apple", seed: 7 }, { model, prompt: "green pear", seed: 8 }]);
 * const save = async (events: AsyncIterable<ImageEvent>) => {
 *   for await (const event of events) if (event.type === "image-end") await event.image.save(`${event.image.seed}.png`);
 * };
 * await Promise.all(streams.map(save));
 */
export function streamImages(
  requests: readonly GenerateImageOptions[],
): readonly AsyncGenerator<ImageEvent, void, void>[] {
  const expected = `a list of 1 to ${MOST_REQUESTS} requests`;
  check("requests", expected, requests, (r) => Array.isArray(r) && r.length > 0 && r.length <= MOST_REQUESTS);
  const seats = seatsFor(requests.length);
  return requests.map((options, i) => seated(options, seats[i]!));
}

/** The events of a request, whose seat is free when they end. */
function seated(options: GenerateImageOptions, { begin, leave }: Seat): AsyncGenerator<ImageEvent, void, void> {
  const events = (async function* () {
    try {
      yield* stream(options, begin);
    } finally {
      leave();
    }
  })();
  const end = events.return.bind(events);
  events.return = (value) => {
    leave(); // a generator that has not begun would end without a word
    return end(value);
  };
  return events;
}

function stream(options: GenerateImageOptions, begin?: Begin): AsyncGenerator<ImageEvent, void, void> {
  checkOptions("generateImage", options);
  const { model, signal, ...rest } = options;
  const run = (model: ImageModel) => drawImages(model, requestOf(model, rest), null, signal, begin);
  return running({ model, signal }, IMAGE_MODELS, run);
}
