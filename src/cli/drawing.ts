/** What the commands that make pictures share: their options, how files are named and written, what is told. */
import { rm } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Command } from "commander";
import { writeWhole } from "../base/write-file.js";
import {
  ArgumentError,
  type DecodingName,
  type GeneratedImage,
  type ImageEvent,
  type ImageFormat,
  type ImageModel,
  type ImageResult,
  type ImageSettings,
  type Warning,
  type Options,
} from "../index.js";
import { type ModelOptions, modelOf, numberOf, printJson, withModelOptions } from "./options.js";
import { type Progress, progressOn } from "./progress.js";

export interface DrawingOptions extends ModelOptions {
  readonly style?: string;
  readonly classId?: number;
  readonly n: number;
  readonly seed: number;
  readonly firstIndex: number;
  readonly output: string;
  readonly format?: ImageFormat;
  readonly guidance?: number;
  readonly guidanceUntil?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly decoding?: DecodingName;
  readonly preview: number;
  readonly manifest: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Endings by which a file, not a folder, is meant. */
const FORMATS: Readonly<Record<string, ImageFormat>> = {
  ".png": "png",
  ".webp": "webp",
  ".avif": "avif",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
};

/** Adds the options that all commands which make pictures have. */
export const withDrawingOptions = (command: Command): Command =>
  withModelOptions(command)
    .option("--style <name>", "a style of the model, or none")
    .option("--class-id <number>", "for class-conditional models: the class", numberOf)
    .option("--n <count>", "pictures to make", numberOf, 1)
    .option("--seed <number>", "the same seed gives the same pictures", numberOf, 0)
    .option("--first-index <number>", "number of the first picture among those of the seed", numberOf, 0)
    .option("-o, --output <path>", "a folder; or a file, for one picture", "out")
    .option("--format <name>", "png, webp, avif or jpeg")
    .option("--guidance <scale>", "how strongly the prompt is followed, 1 is off", numberOf)
    .option("--guidance-until <fraction>", "guidance ends when this part of the tokens is there, 1 is never", numberOf)
    .option("--temperature <number>", "0 takes the likeliest token each time", numberOf)
    .option("--top-k <count>", "only the k likeliest tokens, 0 is off", numberOf)
    .option("--top-p <fraction>", "only the likeliest tokens that together exceed p, 1 is off", numberOf)
    .option("--min-p <fraction>", "only tokens at least this fraction as probable as the likeliest", numberOf)
    .option("--decoding <order>", "next-token, jacobi (the same tokens in fewer passes), next-neighbor or next-scale")
    .option("--preview <passes>", "write <file>.preview.png after every so many passes", numberOf, 0)
    .option("--no-manifest", "do not write <file>.json")
    .option("--json", "one JSON object on stdout and nothing else", false)
    .option("-q, --quiet", "no progress", false);

/** Settings of generateImage out of those options. */
export type DrawingSettings = Options<Omit<ImageSettings, "size">>;

/**
 * Loads the model, makes the pictures of `stream` and writes them: to the file that --output names, else into that folder as
 * `<stem>-<seed>-<index>`.
 */
export async function drawToFiles(
  options: DrawingOptions,
  stem: string,
  stream: (model: ImageModel, settings: DrawingSettings) => AsyncIterable<ImageEvent>,
): Promise<void> {
  const progress = progressOn(process.stderr, options.quiet || options.json);
  const file = FORMATS[extname(options.output).toLowerCase()];
  if (file && options.n !== 1) throw new ArgumentError("--output", "a folder, as --n is above 1", options.output);
  const format = options.format ?? file ?? "png";
  const pathOf = (index: number): string =>
    file ? options.output : join(options.output, `${stem}-${options.seed}-${index}.${endingOf(format)}`);

  const model = await modelOf(options);
  const previews = new Set<string>();
  try {
    let result: ImageResult | undefined;
    const written = new Map<GeneratedImage, readonly string[]>();
    for await (const event of stream(model, settingsOf(options, format))) {
      switch (event.type) {
        case "run-start":
          progress.line(`${event.model.name} on ${event.device.name}: ${event.n} × ${event.total / event.n} tokens`);
          break;
        case "tokens-accept":
          progress.update(event.done, event.total);
          break;
        case "image-preview": {
          const path = `${pathOf(event.index)}.preview.png`;
          previews.add(path);
          await writeWhole(path, event.bytes);
          break;
        }
        case "image-end": {
          const paths = await event.image.save(pathOf(event.image.index), { manifest: options.manifest });
          written.set(event.image, paths);
          break;
        }
        case "run-end":
          result = event.result;
      }
    }
    tell(result!, written, options, progress);
  } finally {
    progress.clear();
    await Promise.all([...previews].map((path) => rm(path, { force: true })));
    await model.close();
  }
}

function settingsOf(options: DrawingOptions, format: ImageFormat): DrawingSettings {
  const { n, seed, firstIndex, guidance, guidanceUntil, temperature, topK, topP, minP, decoding } = options;
  const sampling = { guidance, guidanceUntil, temperature, topK, topP, minP };
  return { n, seed, firstIndex, format, ...sampling, decoding, previewEvery: options.preview };
}

function tell(
  { images, warnings, usage, seed, response }: ImageResult,
  written: ReadonlyMap<GeneratedImage, readonly string[]>,
  { json }: DrawingOptions,
  progress: Progress,
): void {
  if (json) {
    const rows = images.map((image) => ({
      path: written.get(image)![0],
      manifest: written.get(image)![1] ?? null,
      ...{ mediaType: image.mediaType, width: image.width, height: image.height, index: image.index },
      tokensSha256: image.manifest.tokens.sha256,
      rgbaSha256: image.manifest.picture.rgbaSha256,
    }));
    const { device, precision } = images[0]!.manifest;
    const model = { name: response.modelId, revision: response.revision };
    printJson({ images: rows, warnings, usage, seed, model, device, precision });
    return;
  }
  progress.clear();
  for (const warning of warnings) process.stderr.write(`warning: ${textOf(warning)}\n`);
  for (const image of images) process.stdout.write(`${written.get(image)![0]}\n`);
  progress.line(
    `${images.length} in ${(usage.milliseconds / 1000).toFixed(2)} s, ${usage.forwardPasses} passes, seed ${seed}`,
  );
}

const textOf = (warning: Warning): string =>
  warning.type === "other" ? warning.message : `${warning.feature} is not supported. ${warning.details ?? ""}`;

const endingOf = (format: ImageFormat): string =>
  Object.keys(FORMATS)
    .find((ending) => FORMATS[ending] === format)!
    .slice(1);
