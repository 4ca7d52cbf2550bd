/** `tessera segment photo.png "the blue umbrella" -o mask.png --cut-out cut.png`: the mask of what words mean in a picture. */
import { Command } from "commander";
import {
  cutOut,
  DEFAULT_MASK_MODEL,
  type GeneratedMask,
  loadMaskModel,
  type MaskModel,
  type MaskResult,
  streamSegmentation,
  toPolygons,
  toRle,
} from "../index.js";
import type { Context } from "./context.js";
import { factsOf, filesOf, followed, type MakingOptions, withMakingOptions } from "./making.js";
import { loadSettingsOf, numberOf, printJson, withModelOption, withSamplingOptions } from "./options.js";
import { replaced } from "./replaced.js";
import { print } from "./streams.js";

interface SegmentOptions extends MakingOptions {
  readonly model?: string;
  readonly output: string;
  readonly cutOut?: string;
  readonly tokens?: number;
  readonly seed: number;
}

export function segmentCommand({ signal }: Context): Command {
  const command = new Command("segment")
    .description("find what a prompt names in a picture: its mask, and that part of the picture")
    .argument("<picture>", "PNG, WebP, AVIF or JPEG")
    .argument("[prompt]", 'what to find, such as "the blue umbrella" (default: all that is not background)', "")
    .optionsGroup("What to make:")
    .option("-o, --output <path>", "PNG file of the mask, white where something was found", "mask.png")
    .option("--cut-out <path>", "PNG file of what was found, on transparency")
    .option("--tokens <count>", "tokens of the mask, from coarse to fine (default: all)", numberOf)
    .option("--seed <number>", "seed; it matters where --temperature is above 0", numberOf, 0)
    .option("--no-manifest", "do not write <file>.json");
  withSamplingOptions(command, ["temperature"]);
  withModelOption(command, DEFAULT_MASK_MODEL);
  return withMakingOptions(command).action(async (image: string, prompt: string, options: SegmentOptions) => {
    const { tokens, seed, temperature } = options;
    const loading = loadMaskModel(options.model, loadSettingsOf(options));
    const settings = { image, prompt, tokens, seed, temperature, signal };
    const stream = (model: MaskModel) => streamSegmentation({ ...settings, model });
    const result = await followed(options, loading, stream, () => {});
    const mask = result.masks[0]!;
    const cut = options.cutOut === undefined ? null : await cutOut(image, mask);
    const others = replaced();
    const paths = await others.during(options.output, () => mask.save(options.output, { manifest: options.manifest }));
    if (cut) await others.during(options.cutOut!, () => cut.save(options.cutOut!));
    if (!options.json) others.tell();
    report(result, mask, { ...options, paths });
  });
}

function report(
  result: MaskResult,
  mask: GeneratedMask,
  { json, cutOut: cut, paths }: SegmentOptions & { readonly paths: readonly string[] },
): void {
  const { width, height, area, box, manifest } = mask;
  if (json) {
    const files = { ...filesOf(paths), cutOut: cut ?? null };
    const shape = { width, height, area, box, rle: toRle(mask), polygons: toPolygons(mask) };
    const digests = { tokensSha256: manifest.tokens.sha256, maskSha256: manifest.mask.sha256 };
    printJson({ masks: [{ ...files, ...shape, ...digests }], ...factsOf(result) });
    return;
  }
  const share = ((100 * area) / (width * height)).toFixed(1);
  print(`${paths[0]}  ${width} x ${height}, ${share} % of the picture\n`);
  if (cut !== undefined) print(`${cut}\n`);
}
