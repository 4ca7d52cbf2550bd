/** From a checked request to pictures and events. Whatever the order of decoding, the work is the same. */
import { once } from "../base/once.js";
import { idOf, type Token } from "../core/decode/step.js";
import { decodedApart } from "../core/orders.js";
import { APART } from "../media/batches.js";
import { bestOf, numberOf } from "../media/candidates.js";
import { generate, type Making, type Run } from "../media/generate.js";
import { markingOf } from "../media/marking.js";
import { itemBytes, tokenPasses } from "../media/token-passes.js";
import { other, precisionWarnings, type Warning, warnOnce } from "../media/warnings.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { prepare } from "./condition.js";
import { best } from "./best.js";
import { ENCODINGS, encodePicture, encodePreview, hasTransparency } from "./encode.js";
import type { ImageEnd, ImageEvent, ImagePreview, ImageResult } from "./events.js";
import { type GeneratedImage, generatedImage } from "./generated-image.js";
import { type EditRecord, imageManifest } from "./manifest.js";
import type { ImageModel } from "./model.js";
import type { Drawing, Work } from "./networks/network.js";
import type { ImageRequest } from "./request.js";
import type { Begin } from "./together.js";
import { isUpscaled, sized } from "./sizing.js";
import { xmpOf } from "../media/xmp.js";

/** What drawing into a picture adds to drawing from nothing. */
export interface Edit {
  /** Cells that every picture keeps. */
  readonly given: NonNullable<Work["given"]>;
  /** The picture asked for, out of one that was drawn, in its size. */
  over(drawn: Picture): Picture;
  readonly record: EditRecord;
}

/** Which picture it is. */
interface Place {
  /** Number of its prompt in a list of them. */
  readonly promptIndex: number;
  /** Its number among those of the seed and that prompt. */
  readonly index: number;
  /** Which of its candidates. */
  readonly candidate: number;
}

type Own = ImagePreview | ImageEnd;

/** What is to be drawn; warnings arise on the way, too. */
interface Job {
  readonly model: ImageModel;
  readonly request: ImageRequest;
  /** null for pictures from nothing. */
  readonly edit: Edit | null;
  readonly warnings: Warning[];
}

/** Makes the pictures of a request, with events on the way; `begin` may draw them in a batch with others. Leaving the loop early stops the work. */
export function drawImages(
  model: ImageModel,
  request: ImageRequest,
  edit: Edit | null,
  signal: AbortSignal | undefined,
  begin: Begin = (network, work) => network.begin(work),
): AsyncGenerator<ImageEvent, void, void> {
  const { route, seed, decoding, sampling } = request;
  const { subjects, n, firstIndex, candidates } = request;
  const prepared = prepare(model, route.condition, subjects);
  const warnings = [
    ...prepared.warnings,
    ...sizeWarnings(model, request),
    ...precisionWarnings(decoding, route.precision),
  ];
  const job = { model, request, edit, warnings };
  const inputTokens = n * prepared.tokens.reduce((sum, tokens) => sum + tokens, 0);
  // Pictures of a run are counted over all prompts: those of the first one, those of the second one, and so on.
  const placeOf = (picture: number, candidate: number): Place => ({
    promptIndex: Math.floor(picture / n),
    index: firstIndex + (picture % n),
    candidate,
  });
  const run: Run<Own, GeneratedImage, ImageResult, number> = {
    ...{ model, settings: { seed, n: n * subjects.length, firstIndex: 0 } },
    ...{ itemTokens: candidates * route.positions, inputTokens, warnings },
    async open() {
      const network = await route.network();
      return {
        itemBytes: decodedApart(decoding) ? APART : candidates * itemBytes(network, sampling),
        async begin(batch, signal) {
          const places = Array.from({ length: candidates * batch.items }, (_, row) =>
            placeOf(batch.first + Math.floor(row / candidates), row % candidates),
          );
          const condition = await prepared.of(places.map(({ promptIndex }) => promptIndex));
          const numbers = places.map(({ index, candidate }) =>
            numberOf(index, { count: candidates, chosen: candidate }),
          );
          const addresses = { seed: places.map(() => seed), firstItem: numbers };
          const work = { condition, decoding, sampling, ...addresses, given: edit?.given ?? null };
          const drawing = await begin(network, work, signal);
          const pictures = once(() => drawing.pictures());
          const making = drawn(job, places, drawing, pictures, signal);
          return bestOf(making, candidates, async (rows) => {
            const those = (await pictures()).filter((_, row) => rows.includes(row));
            return rows[await best(model, prepared, places[rows[0]!]!.promptIndex, those)]!;
          });
        },
      };
    },
    completed: (image) => ({ type: "image-end", image }),
    result: (images, facts) => ({ images, ...facts }),
  };
  return generate(run, signal);
}

/** Pictures in the making: previews after every so many passes; rendered together, encoded one by one. */
function drawn(
  job: Job,
  places: readonly Place[],
  drawing: Drawing,
  pictures: () => Promise<readonly Picture[]>,
  signal: AbortSignal | undefined,
): Making<Own, GeneratedImage> {
  const { route } = job.request;
  const isShown = previewTimes(job.request);
  let ids: readonly Int32Array[] = [];
  const keep = (values: readonly (readonly Token[])[]) => (ids = values.map((line) => Int32Array.from(line, idOf)));
  return {
    passes: () => tokenPasses(drawing, { end: keep }, signal),
    async *shown({ known, forwardPasses }) {
      if (known.every((done) => done === route.positions) || !isShown(known[0]!, forwardPasses)) return;
      for (const [item, picture] of (await drawing.previews()).entries()) {
        const { candidate, ...place } = places[item]!;
        if (candidate > 0) continue;
        const bytes = await encodePreview(picture, markOf(job, place));
        yield { type: "image-preview", ...place, done: known[item]!, picture, bytes };
      }
    },
    async finish(item) {
      const made = { place: places[item]!, ids: ids[item]!, drawn: (await pictures())[item]! };
      return finish(job, made);
    },
    close: () => drawing.close(),
  };
}

/** Tells after each pass, by the tokens that are known of a picture, whether it is shown. */
function previewTimes({ previewEvery, previewCount, route }: ImageRequest) {
  let part = 0;
  return (known: number, forwardPasses: number): boolean => {
    const now = Math.floor(((previewCount + 1) * known) / route.positions);
    const further = now > part;
    part = now;
    return further || (previewEvery > 0 && forwardPasses % previewEvery === 0);
  };
}

/** A drawn picture to one of the size and format asked for. Adds a warning where the format loses transparency. */
async function finish(
  job: Job,
  { place, ids, drawn }: { readonly place: Place; readonly ids: Int32Array; readonly drawn: Picture },
): Promise<GeneratedImage> {
  const { model, request, edit, warnings } = job;
  const { seed, side, format, candidates: count } = request;
  const fresh = await sized(model, drawn, side);
  const picture = edit ? edit.over(fresh.picture) : fresh.picture;
  if (!ENCODINGS[format].alpha && hasTransparency(picture)) warnOnce(warnings, other(FLATTENED));
  const bytes = await encodePicture(picture, format, markOf(job, place));
  const { candidate: chosen, ...shown } = place;
  const subject = request.subjects[place.promptIndex]!;
  const manifest = imageManifest(model, request, {
    subject,
    index: place.index,
    ids,
    candidates: { count, chosen },
    sized: { ...fresh, picture },
    edit: edit?.record ?? null,
  });
  const { width, height } = picture;
  const rgba = new Uint8Array(picture.data);
  return generatedImage({ bytes, format, width, height, rgba, ids, seed, ...shown, manifest });
}

/** The mark of a picture, as the XMP that its file carries. */
function markOf({ model, request, edit }: Job, { promptIndex, index }: Omit<Place, "candidate">): string {
  const { subjects, seed } = request;
  const subject = subjects[promptIndex]!;
  const prompt = "prompt" in subject ? subject.prompt : null;
  const made = { model: `${model.name} ${model.revision}`, prompt, seed, index };
  return xmpOf(markingOf(made, edit ? "composite" : "generated"));
}

const FLATTENED = "JPEG has no transparency; the file shows the picture on white. PNG, WebP and AVIF keep it.";

function sizeWarnings(model: ImageModel, { side }: ImageRequest): Warning[] {
  const { side: native } = model;
  if (side === native || isUpscaled(model, side)) return [];
  return [other(`The model draws ${native}x${native}; ${side}x${side} is resampled from it and shows no more detail.`)];
}
