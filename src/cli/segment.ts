/** `tessera segment photo.png "the blue umbrella" -o mask.png --cut-out cut.png`: the mask of what words mean in a picture. */
import { Command } from "commander";
import {
  cutOut,
  DEFAULT_MASK_MODEL,
  type GeneratedMask,
  loadMaskModel,
  type MaskResult,
  streamSegmentation,
  toPolygons,
  toRle,
} from "../index.js";
import type { Context } from "./context.js";
import {
  type LoadOptions,
  loadSettingsOf,
  numberOf,
  printJson,
  type ReportOptions,
  type SamplingOptions,
  withLoadOptions,
  withModelOption,
  withReportOptions,
  withSamplingOptions,
} from "./options.js";
import { progressOn } from "./progress.js";
import { print, tell } from "./streams.js";

interface SegmentOptions extends LoadOptions, SamplingOptions, ReportOptions {
  readonly model?: string;
  readonly output: string;
  readonly cutOut?: string;
  readonly tokens?: number;
  readonly seed: number;
  readonly manifest: boolean;
}

export function segmentCommand({ signal }: Context): Command {
  const command = new Command("segment")
    .description("find what words mean in a picture: a mask, and the part of the picture in it")
    .argument("<picture>", "PNG, WebP, AVIF or JPEG")
    .argument("[prompt]", 'what to find, such as "the blue umbrella" (default: all that is not background)', "")
    .optionsGroup("What to make:")
    .option("-o, --output <path>", "PNG file of the mask: white where something was found", "mask.png")
    .option("--cut-out <path>", "PNG file of what was found, on transparency")
    .option("--tokens <count>", "tokens of the mask, from coarse to fine (default: all)", numberOf)
    .option("--seed <number>", "seed; it matters where --temperature is above 0", numberOf, 0)
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, "temperature");
  withModelOption(command.optionsGroup("Which model:"), `${DEFAULT_MASK_MODEL}, which is not in the package yet`);
  return withReportOptions(withLoadOptions(command)).action(
    async (image: string, prompt: string, options: SegmentOptions) => {
      const progress = progressOn(process.stderr, options.quiet || options.json);
      const { tokens, seed, temperature } = options;
      const model = await loadMaskModel(options.model, loadSettingsOf(options));
      try {
        let result: MaskResult | undefined;
        for await (const event of streamSegmentation({ model, signal, image, prompt, tokens, seed, temperature })) {
          if (event.type === "run-start") progress.line(`${event.model.name} on ${event.device.name}`);
          else if (event.type === "run-end") result = event.result;
        }
        const mask = result!.masks[0]!;
        const cut = options.cutOut === undefined ? null : await cutOut(image, mask);
        const paths = await mask.save(options.output, { manifest: options.manifest });
        await cut?.save(options.cutOut!);
        report(result!, mask, { ...options, paths });
      } finally {
        progress.clear();
        await model.close();
      }
    },
  );
}

function report(
  { warnings, usage, seed, response }: MaskResult,
  mask: GeneratedMask,
  { json, cutOut: cut, paths }: SegmentOptions & { readonly paths: readonly string[] },
): void {
  const { width, height, area, box, manifest } = mask;
  if (json) {
    const files = { path: paths[0], manifest: paths[1] ?? null, cutOut: cut ?? null };
    const shape = { width, height, area, box, rle: toRle(mask), polygons: toPolygons(mask) };
    const digests = { tokensSha256: manifest.tokens.sha256, maskSha256: manifest.mask.sha256 };
    const model = { name: response.modelId, revision: response.revision };
    printJson({ masks: [{ ...files, ...shape, ...digests }], warnings, usage, seed, model });
    return;
  }
  for (const warning of warnings) if (warning.type === "other") tell(`warning: ${warning.message}\n`);
  const share = ((100 * area) / (width * height)).toFixed(1);
  print(`${paths[0]}  ${width} x ${height}, ${share} % of the picture\n`);
  if (cut !== undefined) print(`${cut}\n`);
}
