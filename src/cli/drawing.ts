/** What the commands that make pictures share: their options, how files are named and written, what is printed. */
import { existsSync } from "node:fs";
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
  type Options,
} from "../index.js";
import { endingOf, factsOf, filesOf, followed, formatOfOutput } from "./making.js";
import {
  type ItemOptions,
  type ModelOptions,
  modelOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  STYLE_HELP,
  withItemOptions,
  withModelOptions,
  withReportOptions,
  withSamplingOptions,
} from "./options.js";
import { replaced } from "./replaced.js";
import { print } from "./streams.js";

export interface DrawingOptions extends ModelOptions, ItemOptions, SamplingOptions, ReportOptions {
  readonly style?: string;
  readonly classId?: number;
  readonly output: string;
  readonly format?: ImageFormat;
  readonly decoding?: DecodingName;
  readonly candidates: number;
  readonly preview: number;
  readonly manifest: boolean;
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
export function withDrawingOptions(command: Command): Command {
  withItemOptions(
    command
      .optionsGroup("What to make:")
      .option("--style <name>", STYLE_HELP)
      .option("--class-id <number>", "the class to draw, for models trained on classes", numberOf),
    "pictures",
  )
    .option("--candidates <count>", "draw this many of each and keep the one that fits the prompt best", numberOf, 1)
    .option("-o, --output <path>", "folder for the pictures, or the file for a single one", "out")
    .option("--format <name>", "png, webp, avif or jpeg (default: by the ending of the file, else png)")
    .option(
      "--preview <passes>",
      "write <file>.preview.png every time this many passes are done (0: never)",
      numberOf,
      0,
    )
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, ["guidance", "guidanceUntil", "temperature", "topK", "topP", "minP"]).option(
    "--decoding <order>",
    "next-scale, next-token, next-neighbor, or jacobi (next-token in fewer passes)",
  );
  return withReportOptions(withModelOptions(command));
}

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
  const file = fileFormatOf(options);
  const format = options.format ?? file ?? "png";
  const pathOf = (index: number): string =>
    file ? options.output : join(options.output, `${stem}-${options.seed}-${index}${endingOf(format, FORMATS)}`);
  const settings = settingsOf(options, format);
  const previews = new Set<string>();
  const written = new Map<GeneratedImage, readonly string[]>();
  const others = replaced();
  try {
    const result = await followed(
      options,
      modelOf(options),
      (model) => stream(model, settings),
      async (event) => {
        if (event.type === "image-preview") {
          const path = `${pathOf(event.index)}.preview.png`;
          previews.add(path);
          await writeWhole(path, event.bytes);
        } else {
          const { image } = event;
          const path = pathOf(image.index);
          const save = () => image.save(path, { manifest: options.manifest });
          written.set(image, await others.during(path, save));
        }
      },
    );
    if (!options.json) others.tell();
    report(result, written, options);
  } finally {
    await Promise.all([...previews].map((path) => rm(path, { force: true })));
  }
}

/** The format of the file that --output names; null where it names a folder. Refuses what could be neither. */
function fileFormatOf(options: DrawingOptions): ImageFormat | null {
  const { output } = options;
  const ending = extname(output).toLowerCase();
  // An ending that begins with a letter means a file: "fox.gif", not "v1.2".
  const isFile = /^\.[a-z][a-z0-9]{1,4}$/.test(ending) && !/[\\/]$/.test(output) && !existsSync(output);
  if (isFile && !(ending in FORMATS)) {
    const expected = `a folder, or a file ending in ${Object.keys(FORMATS).join(", ")}`;
    throw new ArgumentError("--output", expected, output, 'End the name in "/" if it is a folder.');
  }
  return formatOfOutput(options, FORMATS);
}

function settingsOf(options: DrawingOptions, format: ImageFormat): DrawingSettings {
  const { n, seed, firstIndex, candidates, guidance, guidanceUntil, temperature, topK, topP, minP, decoding } = options;
  const sampling = { guidance, guidanceUntil, temperature, topK, topP, minP };
  return { n, seed, firstIndex, candidates, format, ...sampling, decoding, previewEvery: options.preview };
}

function report(
  result: ImageResult,
  written: ReadonlyMap<GeneratedImage, readonly string[]>,
  { json }: DrawingOptions,
): void {
  const { images } = result;
  if (!json) {
    for (const image of images) print(`${written.get(image)![0]}\n`);
    return;
  }
  const rows = images.map((image) => ({
    ...filesOf(written.get(image)!),
    ...{ mediaType: image.mediaType, width: image.width, height: image.height, index: image.index },
    tokensSha256: image.manifest.tokens.sha256,
    rgbaSha256: image.manifest.picture.rgbaSha256,
  }));
  const { device, precision } = images[0]!.manifest;
  printJson({ images: rows, ...factsOf(result), device, precision });
}
