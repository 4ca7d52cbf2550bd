/** /v1/images/generations and /v1/images/edits. */
import { randomInt } from "node:crypto";
import sharp from "sharp";
import {
  type DecodingName,
  type EditImageOptions,
  type GeneratedImage,
  type GenerateImageOptions,
  type ImageEvent,
  type ImageFormat,
  type ImagePreview,
  type ImageResult,
  type PictureSource,
  streamEdit,
  streamImages,
  type Warning,
} from "../../index.js";
import type { Body, Form } from "../body.js";
import { HttpRefusal } from "../errors.js";
import type { LikeWork } from "../queue.js";
import { eventStream, type ServerSentEvent } from "../sse.js";
import type { Handling } from "./handling.js";
import { resultOf } from "./handling.js";

/** Parameters of OpenAI's models that change nothing in ours. */
const WITHOUT_EFFECT = ["quality", "background", "output_compression", "input_fidelity"];

/** Those that are about the account, not about the picture. */
const UNUSED = ["user", "moderation"];

type Options = Omit<GenerateImageOptions, "model" | "signal">;

interface ImageRequest {
  readonly model: string | undefined;
  readonly options: Options;
  /** Previews to be told; null: no stream. */
  readonly previews: number | null;
  readonly asUrl: boolean;
  readonly notes: readonly string[];
}

function requestOf(body: Body): ImageRequest {
  const model = body.text("model");
  const stream = body.flag("stream") ?? false;
  const previews = body.number("partial_images") ?? 0;
  if (![0, 1, 2, 3].includes(previews))
    throw new HttpRefusal(400, "argument", "Expected a whole number from 0 to 3 for partial_images.", "partial_images");
  const size = body.text("size");
  const options = {
    prompt: body.text("prompt"),
    classId: body.number("class_id"),
    style: body.text("style"),
    n: body.number("n"),
    candidates: body.number("candidates"),
    // As at OpenAI another picture each time; the seed is in the answer, and brings the same one again.
    seed: body.number("seed") ?? randomInt(2 ** 32),
    size: size === "auto" ? undefined : size,
    format: body.word<ImageFormat>("output_format", ["png", "webp", "jpeg", "avif"]),
    decoding: body.text("decoding") as DecodingName | undefined,
    guidance: body.number("guidance"),
    temperature: body.number("temperature"),
    topK: body.number("top_k"),
    topP: body.number("top_p"),
    minP: body.number("min_p"),
    previewCount: stream ? previews : 0,
  };
  const asUrl = body.word("response_format", ["b64_json", "url"]) === "url";
  const notes = body.withoutEffect(WITHOUT_EFFECT);
  body.withoutEffect(UNUSED);
  return { model, options: options as Options, previews: stream ? previews : null, asUrl, notes };
}

export async function generations(body: Body, handling: Handling): Promise<Response> {
  const request = requestOf(body);
  body.finish();
  const served = handling.find("image", request.model);
  const { model } = served;
  const { decoding, guidance, temperature, topK, topP, minP, n } = request.options;
  const work: LikeWork<ImageEvent, GenerateImageOptions> = {
    key: JSON.stringify([decoding, guidance, temperature, topK, topP, minP]),
    items: Math.max(1, n ?? 1),
    request: (signal) => ({ ...request.options, model, signal }) as GenerateImageOptions,
    together: streamImages,
  };
  return answer("image_generation", request, handling.events(served, work), handling);
}

export async function edits({ body, files }: Form, handling: Handling): Promise<Response> {
  const request = requestOf(body);
  const seam = body.number("seam");
  body.finish();
  const [images, masks] = [await files("image"), await files("mask")];
  if (images.length !== 1)
    throw new HttpRefusal(400, "argument", `Expected one file for image but received ${images.length}.`, "image");
  const image = images[0]!;
  const mask = await maskOf(masks[0] ?? image);
  const served = handling.find("image", request.model);
  const { size: _, ...options } = request.options as EditImageOptions & { size?: string };
  const run = (signal: AbortSignal) =>
    streamEdit({ ...options, image, mask, seam, model: served.model, signal } as EditImageOptions);
  return answer("image_edit", request, handling.events(served, run), handling);
}

/** A mask beyond this many pixels belongs to no picture that can be edited. */
const MOST_PIXELS = 2 ** 24;

/**
 * The mask as editImage takes it. OpenAI marks what is drawn anew by transparency; a mask without any is taken as ours are: white
 * where the picture is drawn anew.
 */
async function maskOf(bytes: Uint8Array): Promise<PictureSource> {
  const read = sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: "error" }).timeout({ seconds: 4 });
  const { data, info } = await read
    .ensureAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true })
    .catch(() => {
      throw new HttpRefusal(400, "argument", "Expected a PNG, WebP, AVIF or JPEG file for mask.", "mask");
    });
  const { width, height } = info;
  const isClear = (pixel: number) => data[4 * pixel + 3]! === 0;
  const pixels = Array.from({ length: width * height }, (_, pixel) => isClear(pixel));
  if (!pixels.includes(true)) return bytes;
  const rgba = Uint8Array.from({ length: 4 * pixels.length }, (_, i) => (i % 4 === 3 || pixels[i >> 2] ? 255 : 0));
  return { width, height, rgba };
}

async function answer(
  kind: "image_generation" | "image_edit",
  request: ImageRequest,
  events: AsyncGenerator<ImageEvent, void, void>,
  handling: Handling,
): Promise<Response> {
  if (request.previews !== null) return eventStream(serverSent(kind, request, events), handling.tell);
  const result = await resultOf<ImageResult>(events);
  const { usage, seed, response } = result;
  return Response.json({
    created: secondsOf(response.timestamp),
    data: result.images.map((image) => dataOf(image, request.asUrl)),
    output_format: result.images[0]!.format,
    size: sizeOf(result.images[0]!),
    usage: usageOf(usage.inputTokens, usage.outputTokens),
    // Beyond OpenAI's interface: what brings the same pictures again, and what was not done as asked.
    ...{ seed, model: response.modelId, warnings: [...request.notes, ...result.warnings.map(textOf)] },
  });
}

/** The events of OpenAI's stream: pictures in the making, then each picture. */
async function* serverSent(
  kind: "image_generation" | "image_edit",
  { notes }: ImageRequest,
  events: AsyncGenerator<ImageEvent, void, void>,
): AsyncGenerator<ServerSentEvent, void, void> {
  const shown = new Map<number, number>();
  const common = { quality: "auto", background: "auto" };
  const partial = ({ index, picture, bytes }: ImagePreview) => {
    const number = shown.get(index) ?? 0;
    shown.set(index, number + 1);
    const type = `${kind}.partial_image`;
    const facts = { created_at: secondsOf(new Date()), size: sizeOf(picture), output_format: "png", ...common };
    return { event: type, data: { type, b64_json: base64(bytes), partial_image_index: number, index, ...facts } };
  };
  for await (const event of events) {
    if (event.type === "image-preview") yield partial(event);
    if (event.type !== "run-end") continue;
    const { images, usage, warnings, seed, response } = event.result;
    for (const image of images) {
      const type = `${kind}.completed`;
      const { index, format, bytes, ids } = image;
      const facts = { created_at: secondsOf(response.timestamp), size: sizeOf(image), output_format: format };
      const used = usageOf(usage.inputTokens / images.length, ids.length);
      const ours = { seed, index, model: response.modelId, warnings: [...notes, ...warnings.map(textOf)] };
      yield { event: type, data: { type, b64_json: base64(bytes), ...facts, ...common, usage: used, ...ours } };
    }
  }
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

const dataOf = ({ bytes, mediaType }: GeneratedImage, asUrl: boolean) =>
  asUrl ? { url: `data:${mediaType};base64,${base64(bytes)}` } : { b64_json: base64(bytes) };

const sizeOf = ({ width, height }: { readonly width: number; readonly height: number }) => `${width}x${height}`;

const secondsOf = (date: Date): number => Math.floor(date.getTime() / 1000);

const usageOf = (input: number, output: number) => ({
  ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
  input_tokens_details: { text_tokens: input, image_tokens: 0 },
});

const textOf = (warning: Warning): string =>
  warning.type === "other" ? warning.message : `${warning.feature} is not supported. ${warning.details ?? ""}`.trim();
