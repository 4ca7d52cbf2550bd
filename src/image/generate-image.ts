/** The whole of image generation: the stairs below supply the parts, this file introduces them to each other. */

import type { Options } from "../base/check.js";
import { check } from "../base/check.js";
import { derive } from "../core/configs.js";
import { decode } from "../core/decode/loop.js";
import { sampler } from "../core/decode/sampler.js";
import { guidance } from "../core/guidance.js";
import { openSession } from "../core/session.js";
import { tensor } from "../engine/tensor.js";
import { picturesOf } from "../tokenizers/image/pixels.js";
import { UNKNOWN } from "../tokenizers/image/preview.js";
import { type Prepared, prepare } from "./condition.js";
import { strategyOf } from "./decoding.js";
import { ENCODINGS, encodePicture, hasTransparency, resized } from "./encode.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { type GeneratedImage, generatedImage } from "./generated-image.js";
import { manifestOf } from "./manifest.js";
import { markingOf, xmpOf } from "./marking.js";
import { type ImageModel, loadImageModel } from "./model.js";
import { type ImageRequest, type ImageSettings, type ImageSubject, requestOf } from "./request.js";
import { type ImageWarning, other } from "./warnings.js";

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
  let result: ImageResult | undefined;
  for await (const event of streamImage(options)) if (event.type === "run-end") result = event.result;
  return result!; // a stream ends with run-end, or throws
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
    yield* run(model, requestOf(model, rest), signal);
  } finally {
    if (model !== source) await model.close();
  }
}

async function* run(
  model: ImageModel,
  request: ImageRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImageEvent, void, void> {
  const started = performance.now();
  const prepared = prepare(model, request.subject);
  const warnings: ImageWarning[] = [
    ...prepared.warnings,
    ...sizeWarnings(model, request),
    ...decodingWarnings(model, request),
  ];
  const positions = derive(model.transformer.config).positions;
  const total = request.n * positions;
  const { n, seed } = request;
  yield {
    type: "run-start",
    model: { name: model.name, revision: model.revision },
    device: model.device,
    ...{ seed, n, total, warnings: [...warnings] },
  };

  const images: GeneratedImage[] = [];
  let forwardPasses = 0;
  let predictedTokens = 0;
  for (const batch of batches(model, request)) {
    for await (const event of drawTokens(model, request, prepared, batch, signal)) {
      switch (event.type) {
        case "tokens-accept":
          forwardPasses++;
          yield { ...event, done: images.length * positions + event.done, total, forwardPasses };
          break;
        case "image-preview":
          yield event;
          break;
        case "ids-end":
          predictedTokens += event.predicted;
          for (const image of await finish(model, request, batch.first, event.ids, warnings)) {
            images.push(image);
            yield { type: "image-end", image };
          }
      }
    }
    signal?.throwIfAborted();
  }

  const usage = {
    inputTokens: n * prepared.tokens,
    outputTokens: total,
    totalTokens: n * prepared.tokens + total,
    forwardPasses,
    predictedTokens,
    milliseconds: performance.now() - started,
  };
  const response = { timestamp: new Date(), modelId: model.name, revision: model.revision };
  yield { type: "run-end", result: { images, warnings, usage, seed, response } };
}

/** Pictures that are made together; `first` counts among all pictures of the seed. */
interface Batch {
  readonly first: number;
  readonly items: number;
}

/** Bytes that the caches of one batch may take. Results do not depend on it: draws are addressed by the picture's index. */
const CACHE_BYTES = 2 ** 29;

function* batches({ transformer: { config } }: ImageModel, { n, firstIndex, sampling }: ImageRequest): Iterable<Batch> {
  const rows = sampling.guidance > 1 ? 2 : 1;
  const bytes = rows * config.layers * 2 * derive(config).slots * config.width * 4;
  const most = Math.max(1, Math.floor(CACHE_BYTES / bytes));
  for (let start = 0; start < n; start += most) yield { first: firstIndex + start, items: Math.min(most, n - start) };
}

type DrawEvent =
  | Extract<ImageEvent, { type: "tokens-accept" | "image-preview" }>
  | { readonly type: "ids-end"; readonly ids: readonly Int32Array[]; readonly predicted: number };

/** Opens a session, decodes the tokens of a batch, closes the session whatever happens. */
async function* drawTokens(
  model: ImageModel,
  request: ImageRequest,
  prepared: Prepared,
  { first, items }: Batch,
  signal: AbortSignal | undefined,
): AsyncGenerator<DrawEvent, void, void> {
  signal?.throwIfAborted();
  const { seed, previewEvery } = request;
  const { guidance: scale, ...sampling } = request.sampling;
  const session = await openSession(model.transformer, { condition: prepared.of(items), guided: scale > 1 });
  try {
    const { config } = model.transformer;
    const { positions } = derive(config);
    const strategy = strategyOf(request.decoding, items, config);
    const coins = sampler({ seed, sampling, guidance: guidance(scale), firstItem: first });
    const known = Array.from({ length: items }, () => new Int32Array(positions).fill(UNKNOWN));
    for await (const event of decode(session, strategy, coins, { signal })) {
      if (event.type === "decode-end") {
        yield { type: "ids-end", ids: event.ids, predicted: event.usage.tried };
        continue;
      }
      const { accepted: done, passes: forwardPasses } = event.usage;
      event.accepted.forEach((final, item) => {
        for (const [i, position] of final.positions.entries()) known[item]![position] = final.ids[i]!;
      });
      yield { type: "tokens-accept", done, total: event.total, forwardPasses };
      if (previewEvery === 0 || forwardPasses % previewEvery !== 0 || done === event.total) continue;
      const pictures = picturesOf(await model.tokenizer.preview(gridOf(model, known)));
      for (const [item, picture] of pictures.entries()) {
        const index = first + item;
        const bytes = await encodePicture(picture, "png", markOf(model, request, index));
        yield { type: "image-preview", index, done: knownOf(known[item]!), picture, bytes };
      }
    }
  } finally {
    await session.close();
  }
}

const knownOf = (ids: Int32Array): number => ids.reduce((count, id) => (id === UNKNOWN ? count : count + 1), 0);

/** Ids of a batch to pictures, files and manifests. Adds a warning where a format loses transparency. */
async function finish(
  model: ImageModel,
  request: ImageRequest,
  first: number,
  ids: readonly Int32Array[],
  warnings: ImageWarning[],
): Promise<GeneratedImage[]> {
  const { seed, side, format } = request;
  const native = picturesOf(await model.tokenizer.decode(gridOf(model, ids)));
  const images: GeneratedImage[] = [];
  for (const [item, drawn] of native.entries()) {
    const index = first + item;
    const picture = await resized(drawn, side);
    if (!ENCODINGS[format].alpha && hasTransparency(picture)) warnOnce(warnings, other(FLATTENED));
    const bytes = await encodePicture(picture, format, markOf(model, request, index));
    const manifest = manifestOf(model, request, { index, ids: ids[item]!, picture });
    const { width, height } = picture;
    const rgba = new Uint8Array(picture.data);
    images.push(generatedImage({ bytes, format, width, height, rgba, ids: ids[item]!, seed, index, manifest }));
  }
  return images;
}

/** The mark of a picture, as the XMP that its file carries. */
function markOf(model: ImageModel, { subject, seed }: ImageRequest, index: number): string {
  const prompt = subject.kind === "caption" ? subject.prompt : null;
  return xmpOf(markingOf({ model: `${model.name} ${model.revision}`, prompt, seed, index }));
}

const FLATTENED = "JPEG has no transparency; the file shows the picture on white. PNG, WebP and AVIF keep it.";

function sizeWarnings({ side: native }: ImageModel, { side }: ImageRequest): ImageWarning[] {
  if (side === native) return [];
  return [other(`The model draws ${native}x${native}; ${side}x${side} is resampled from it and shows no more detail.`)];
}

function decodingWarnings({ precision }: ImageModel, { decoding }: ImageRequest): ImageWarning[] {
  if (decoding.kind !== "jacobi" || decoding.rule !== "coupled" || precision === "f32" || precision === "f16") return [];
  const remedy = 'Load the model with precision "f32" for the same tokens.';
  return [other(`In ${precision}, tokens hang on how many a pass has, and may differ from next-token's. ${remedy}`)];
}

function warnOnce(warnings: ImageWarning[], warning: ImageWarning): void {
  if (!warnings.some((known) => JSON.stringify(known) === JSON.stringify(warning))) warnings.push(warning);
}

/** Ids of items in raster order as the tokenizer takes them: [B, h, w]. */
function gridOf({ transformer: { config } }: ImageModel, ids: readonly Int32Array[]) {
  const data = new Int32Array(ids.length * config.grid ** 2);
  ids.forEach((line, item) => {
    data.set(line, item * line.length);
  });
  return tensor([ids.length, config.grid, config.grid], data);
}
