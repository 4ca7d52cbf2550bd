/** Masks of what words mean: in a picture, or from words alone. */
import { checkOptions, type Options } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import { quoted } from "../base/words.js";
import type { Accepted } from "../core/decode/step.js";
import { i32 } from "../engine/tensor.js";
import type { Batch } from "../media/batches.js";
import type { RunEvent, RunResult } from "../media/events.js";
import { generate, type Making, type Run } from "../media/generate.js";
import { promptIds } from "../media/prompt.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import { itemBytes, tokenPasses } from "../media/token-passes.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { type PictureSource, readPicture, type Size } from "../tokenizers/image/read-picture.js";
import { type BinaryMask, checkSize } from "./binary-mask.js";
import { type GeneratedMask, generatedMask, maskMarking } from "./generated-mask.js";
import { maskManifest } from "./manifest.js";
import { MASK_MODELS, type MaskModel } from "./model.js";
import type { Masking } from "./network.js";
import { type MaskRequest, type MaskSettings, requestOf } from "./request.js";
import { maskAt, seenPicture } from "./resample.js";

export interface SegmentationSubject {
  /** The picture, of any size and aspect ratio. */
  readonly image: PictureSource;
  /** What is to be found, such as "the blue umbrella"; empty: everything that stands before the background. */
  readonly prompt: string;
}

export type SegmentImageOptions = SegmentationSubject & Options<MaskSettings> & RunOptions<MaskModel>;

/** A mask of words alone, of the size that is asked for. */
export type GenerateMaskOptions = { readonly prompt: string } & Options<Size> &
  Options<MaskSettings> &
  RunOptions<MaskModel>;

/** The mask as far as it is known: fewer tokens, a coarser mask. */
export interface MaskPreview {
  readonly type: "mask-preview";
  readonly index: number;
  /** Tokens that it is made of. */
  readonly tokens: number;
  readonly mask: BinaryMask;
}

export interface MaskEnd {
  readonly type: "mask-end";
  readonly mask: GeneratedMask;
}

export interface MaskResult extends RunResult {
  readonly masks: readonly GeneratedMask[];
}

export type MaskEvent = RunEvent<MaskPreview | MaskEnd, MaskResult, number>;

/**
 * Finds what a prompt means in a picture and answers its mask, of the picture's size, with warnings, usage and a manifest. The
 * model says the mask in tokens from coarse to fine.
 *
 * @throws ArgumentError, UnknownNameError for options and for a picture that cannot be used; what loadMaskModel throws; ExecutionError;
 *   the reason of `signal`.
 * @example
 * const { masks } = await segmentImage({ model: "my-masks", image: "photo.png", prompt: "the blue umbrella" });
 * await masks[0].save("mask.png");
 * await editImage({ image: "photo.png", mask: masks[0], prompt: "red umbrella" });
 */
export async function segmentImage(options: SegmentImageOptions): Promise<MaskResult> {
  return resultOf(streamSegmentation(options));
}

/**
 * The same as a stream of events: progress after every pass, coarser masks where `previews` is "tokens", each mask when it is done,
 * the result at the end. Leaving the loop early stops the work.
 */
export function streamSegmentation(options: SegmentImageOptions): AsyncGenerator<MaskEvent, void, void> {
  checkOptions("segmentImage", options);
  const { model, signal, image, ...rest } = options;
  return running({ model, signal }, MASK_MODELS, async function* (model) {
    const request = requestOf(model, rest);
    const picture = await readPicture("image", image, (size) => {
      checkSize("image", size);
    });
    yield* findMasks(model, request, { picture, size: picture }, signal);
  });
}

/** Pixels of a side of a mask that no picture gives a size. */
const SIDE = 256;

/**
 * Makes a mask of what words mean, without a picture: a shape of that kind, filling the mask.
 *
 * @throws the same as segmentImage.
 */
export async function generateMask(options: GenerateMaskOptions): Promise<MaskResult> {
  checkOptions("generateMask", options);
  const { model, signal, width = SIDE, height = SIDE, ...rest } = options;
  checkSize("size", { width, height });
  return resultOf(
    running({ model, signal }, MASK_MODELS, (model) =>
      findMasks(model, requestOf(model, rest), { picture: null, size: { width, height } }, signal),
    ),
  );
}

/** Where masks are found. */
interface Scene {
  readonly picture: Picture | null;
  readonly size: Size;
}

interface Job {
  readonly model: MaskModel;
  readonly request: MaskRequest;
  readonly size: Size;
  readonly imageSha256: string | null;
  readonly warnings: Warning[];
}

function findMasks(
  model: MaskModel,
  request: MaskRequest,
  { picture, size: { width, height } }: Scene,
  signal: AbortSignal | undefined,
): AsyncGenerator<MaskEvent, void, void> {
  const { prompt, sampling, seed, route, tokens, decoding } = request;
  const { ids: caption, warnings: cut } = promptIds(model.words, prompt, model.captionSlots);
  const warnings = [...cut];
  const imageSha256 = picture && sha256(picture.data as Uint8Array);
  const job: Job = { model, request, size: { width, height }, imageSha256, warnings };
  const run: Run<MaskPreview | MaskEnd, GeneratedMask, MaskResult, number> = {
    ...{ model, settings: request, itemTokens: tokens, inputTokens: caption.length, warnings },
    async open() {
      const network = await route.network();
      const seen = picture && (await seenPicture(picture, model.side));
      return {
        itemBytes: itemBytes(network, sampling),
        async begin(batch, signal) {
          const work = { items: batch.items, firstItem: batch.first, caption, picture: seen };
          return found(job, batch, await network.begin({ ...work, tokens, sampling, decoding, seed }), signal);
        },
      };
    },
    completed: (mask) => ({ type: "mask-end", mask }),
    result: (masks, facts) => ({ masks, ...facts }),
  };
  return generate(run, signal);
}

/** Masks in the making. */
function found(
  job: Job,
  { first, items }: Batch,
  masking: Masking,
  signal: AbortSignal | undefined,
): Making<MaskPreview | MaskEnd, GeneratedMask> {
  const lines = Array.from({ length: items }, (): number[] => []);
  const shown = Array<number>(items).fill(0);
  const accept = (accepted: readonly Accepted[]) => {
    for (const [item, { values }] of accepted.entries()) lines[item]!.push(...values);
  };
  return {
    passes: () => tokenPasses(masking, { accept }, signal),
    async *shown() {
      if (job.request.previews === "none") return;
      for (const [item, line] of lines.entries()) {
        const tokens = 2 ** Math.floor(Math.log2(line.length));
        if (line.length === 0 || tokens <= shown[item]! || tokens === job.request.tokens) continue;
        shown[item] = tokens;
        const mask = await drawn(job, line.slice(0, tokens));
        yield { type: "mask-preview", index: first + item, tokens, mask };
      }
    },
    finish: (item) => finish(job, first + item, Int32Array.from(lines[item]!), masking, item),
    close: () => masking.close(),
  };
}

/** The mask of tokens as they were drawn. */
async function drawn({ model, size }: Job, ids: readonly number[]): Promise<BinaryMask> {
  return maskAt((await model.masks.decode(i32([1, ids.length], ids))).data, size);
}

async function finish(
  job: Job,
  index: number,
  ids: Int32Array,
  masking: Masking,
  item: number,
): Promise<GeneratedMask> {
  const { model, request, size, warnings } = job;
  const softly = async () =>
    maskAt((await model.masks.decodeSoftly(i32([1, ids.length], ids), masking.logits(item))).data, size);
  const mask = request.reading === "soft" ? await softly() : await drawn(job, Array.from(ids));
  if (!mask.inside.includes(1)) warnOnce(warnings, other(`Nothing was found for ${quoted(request.prompt)}.`));
  const manifest = maskManifest(model, request, job.imageSha256, { index, ids, mask });
  return generatedMask(mask, { ids, seed: request.seed, index, manifest }, maskMarking(model, request, index));
}
