/** From a checked request to events: batches, passes, pictures, files. Whatever the order, the work is the same. */
import { idOf } from "../core/decode/step.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { type Prepared, prepare } from "./condition.js";
import { ENCODINGS, encodePicture, encodePreview, hasTransparency, resized } from "./encode.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { type GeneratedImage, generatedImage } from "./generated-image.js";
import { type EditRecord, manifestOf } from "./manifest.js";
import { markingOf, xmpOf } from "./marking.js";
import type { ImageModel } from "./model.js";
import type { Work } from "./networks/network.js";
import type { ImageRequest } from "./request.js";
import { type ImageWarning, other } from "./warnings.js";

/** What drawing into a picture adds to drawing from nothing. */
export interface Edit {
  /** Cells that every picture keeps. */
  readonly given: NonNullable<Work["given"]>;
  /** The picture asked for, out of one that was drawn at the model's own side. */
  over(drawn: Picture): Promise<Picture>;
  readonly record: EditRecord;
}

/** Makes the pictures of a request, with events on the way. Leaving the loop early stops the work. */
export async function* drawImages(
  model: ImageModel,
  request: ImageRequest,
  edit: Edit | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<ImageEvent, void, void> {
  const started = performance.now();
  const { n, seed, route } = request;
  const { positions } = route;
  const prepared = prepare(model, route.condition, request.subject);
  const warnings: ImageWarning[] = [
    ...prepared.warnings,
    ...sizeWarnings(model, request),
    ...decodingWarnings(request),
  ];
  const total = n * positions;
  yield {
    type: "run-start",
    model: { name: model.name, revision: model.revision },
    device: model.device,
    ...{ seed, n, total, warnings: [...warnings] },
  };

  const images: GeneratedImage[] = [];
  let forwardPasses = 0;
  let predictedTokens = 0;
  for (const batch of batches(request)) {
    for await (const event of drawBatch(model, request, edit, prepared, batch, signal)) {
      switch (event.type) {
        case "tokens-accept":
          forwardPasses++;
          yield { ...event, done: images.length * positions + event.done, total, forwardPasses };
          break;
        case "image-preview":
          yield event;
          break;
        case "batch-end":
          predictedTokens += event.predicted;
          for (const [item, drawn] of event.pictures.entries()) {
            const made = { index: batch.first + item, ids: event.ids[item]!, drawn };
            const image = await finish(model, request, edit, made, warnings);
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
  const response: ImageResult["response"] = { timestamp: new Date(), modelId: model.name, revision: model.revision };
  yield { type: "run-end", result: { images, warnings, usage, seed, response } };
}

/** Pictures that are made together; `first` counts among all pictures of the seed. */
interface Batch {
  readonly first: number;
  readonly items: number;
}

/** Bytes that the caches of one batch may take. Results do not depend on it: draws are addressed by the picture's index. */
const CACHE_BYTES = 2 ** 29;

function* batches({ n, firstIndex, sampling, route }: ImageRequest): Iterable<Batch> {
  const bytes = (sampling.guidance > 1 ? 2 : 1) * route.cacheBytes;
  const most = Math.max(1, Math.floor(CACHE_BYTES / bytes));
  for (let start = 0; start < n; start += most) yield { first: firstIndex + start, items: Math.min(most, n - start) };
}

type BatchEvent =
  | Extract<ImageEvent, { type: "tokens-accept" | "image-preview" }>
  | {
      readonly type: "batch-end";
      readonly ids: readonly Int32Array[];
      readonly pictures: readonly Picture[];
      readonly predicted: number;
    };

/** Decodes the tokens of a batch and renders them; closes the session whatever happens. */
async function* drawBatch(
  model: ImageModel,
  request: ImageRequest,
  edit: Edit | null,
  prepared: Prepared,
  { first, items }: Batch,
  signal: AbortSignal | undefined,
): AsyncGenerator<BatchEvent, void, void> {
  signal?.throwIfAborted();
  const { seed, decoding, sampling, previewEvery } = request;
  const network = await request.route.network();
  const condition = prepared.of(items);
  const given = edit?.given ?? null;
  await using drawing = await network.begin({
    ...{ condition, decoding, sampling, seed, given },
    firstItem: first,
  });
  const known = Array<number>(items).fill(0);
  for await (const event of drawing.decode({ signal })) {
    if (event.type === "decode-end") {
      const ids = event.values.map((values) => Int32Array.from(values, idOf));
      yield { type: "batch-end", ids, pictures: await drawing.pictures(), predicted: event.usage.tried };
      continue;
    }
    const { accepted: done, passes: forwardPasses } = event.usage;
    event.accepted.forEach(({ positions }, item) => (known[item]! += positions.length));
    yield { type: "tokens-accept", done, total: event.most, forwardPasses };
    if (previewEvery === 0 || forwardPasses % previewEvery !== 0 || done === event.most) continue;
    for (const [item, picture] of (await drawing.previews()).entries()) {
      const index = first + item;
      const bytes = await encodePreview(picture, markOf(model, request, edit, index));
      yield { type: "image-preview", index, done: known[item]!, picture, bytes };
    }
  }
}

/** A drawn picture to one of the size and format asked for. Adds a warning where the format loses transparency. */
async function finish(
  model: ImageModel,
  request: ImageRequest,
  edit: Edit | null,
  { index, ids, drawn }: { readonly index: number; readonly ids: Int32Array; readonly drawn: Picture },
  warnings: ImageWarning[],
): Promise<GeneratedImage> {
  const { seed, side, format } = request;
  const picture = await (edit ? edit.over(drawn) : resized(drawn, side));
  if (!ENCODINGS[format].alpha && hasTransparency(picture)) warnOnce(warnings, other(FLATTENED));
  const bytes = await encodePicture(picture, format, markOf(model, request, edit, index));
  const manifest = manifestOf(model, request, { index, ids, picture, edit: edit?.record ?? null });
  const { width, height } = picture;
  const rgba = new Uint8Array(picture.data);
  return generatedImage({ bytes, format, width, height, rgba, ids, seed, index, manifest });
}

/** The mark of a picture, as the XMP that its file carries. */
function markOf(model: ImageModel, { subject, seed }: ImageRequest, edit: Edit | null, index: number): string {
  const prompt = subject.kind === "caption" ? subject.prompt : null;
  const made = { model: `${model.name} ${model.revision}`, prompt, seed, index };
  return xmpOf(markingOf(made, edit ? "composite" : "generated"));
}

const FLATTENED = "JPEG has no transparency; the file shows the picture on white. PNG, WebP and AVIF keep it.";

function sizeWarnings({ side: native }: ImageModel, { side }: ImageRequest): ImageWarning[] {
  if (side === native) return [];
  return [other(`The model draws ${native}x${native}; ${side}x${side} is resampled from it and shows no more detail.`)];
}

function decodingWarnings({ decoding, route: { precision } }: ImageRequest): ImageWarning[] {
  if (decoding.kind !== "jacobi" || decoding.rule !== "coupled" || precision === "f32" || precision === "f16")
    return [];
  const remedy = 'Load the model with precision "f32" for the same tokens.';
  return [other(`In ${precision}, tokens hang on how many a pass has, and may differ from next-token's. ${remedy}`)];
}

function warnOnce(warnings: ImageWarning[], warning: ImageWarning): void {
  if (!warnings.some((known) => JSON.stringify(known) === JSON.stringify(warning))) warnings.push(warning);
}
