/** An image model that is ready: its parts from the stairs below, opened with every weight accounted for. */
import { check, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, CheckpointError } from "../base/errors.js";
import type { DecodingName } from "../core/orders.js";
import type { DeviceName } from "../engine/devices.js";
import type { DeviceReport, Engine, Precision } from "../engine/engine.js";
import { openEngine } from "../engine/open.js";
import type { ImageDefaults } from "../models/image-config.js";
import { DEFAULT_IMAGE_MODEL } from "../models/known.js";
import { PRECISIONS, sideOf } from "../models/network-config.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { folderRecipe, type PublishedFiles, publishedRecipe, type Recipe } from "./recipe.js";
import { type ImageRoute, Parts, routesOf } from "./route.js";

/**
 * A loaded model: any number of generations may share it, one after the other or at once. What a decoding needs besides its
 * default one is opened when it is first asked for.
 */
export interface ImageModel extends AsyncDisposable {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
  /** Names that `style` may have, besides "none"; empty for a model without styles. */
  readonly styles: readonly string[];
  /** In which orders it can draw, its default first. */
  readonly decodings: readonly DecodingName[];
  /** How it draws by its default decoding where the caller says nothing. */
  readonly defaults: ImageDefaults;
  /** Pixels of one side of the pictures it makes. */
  readonly side: number;
  readonly device: DeviceReport;
  /** How the weights of the default decoding are held. */
  readonly precision: Precision;
  /** SHA-256 of every file of the default decoding; empty where `verify` was off. */
  readonly sha256: Readonly<Record<string, string>>;
  /** How it makes pictures: one for each order that it was trained for, that of the default decoding first. */
  readonly routes: readonly ImageRoute[];
  /** Prompts to ids; null for a model that reads no captions. */
  readonly captions: TextTokenizer | null;
  close(): Promise<void>;
}

export interface LoadSettings {
  /** An engine of the caller's, which stays open; null: one is opened for this model and closed with it. */
  readonly engine: Engine | null;
  /** Where `engine` is null: the device to open. */
  readonly device: DeviceName | "auto";
  /** Where `engine` is null: threads of the CPU's kernels; null: one a core. On a machine that is busy, fewer are faster. */
  readonly threads: number | null;
  /** How the transformer's weights are held; null: as the model states ("f32" for published files). */
  readonly precision: Precision | null;
  /** Whether files are hashed, and those of a folder compared with its config.json, before they are used. */
  readonly verify: boolean;
}

export const LOAD_DEFAULTS: LoadSettings = Object.freeze({
  engine: null,
  device: "auto",
  threads: null,
  precision: null,
  verify: true,
});

/**
 * Loads an image model: an embedded one by its name, a folder of that layout by its path, or published files.
 *
 * @throws UnknownNameError for a name or row that does not exist; CheckpointError for files that are damaged or not those that
 *   config.json states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadImageModel("tessera-icons");
 * const { images } = await generateImage({ model, prompt: "red apple", seed: 7 });
 * await images[0].save("apple.png");
 * await model.close();
 */
export async function loadImageModel(
  source: string | PublishedFiles = DEFAULT_IMAGE_MODEL,
  options: Options<LoadSettings> = {},
): Promise<ImageModel> {
  const settings = withDefaults("loadImageModel", LOAD_DEFAULTS, options);
  const { engine, device, threads, precision, verify } = settings;
  check("precision", `one of ${PRECISIONS.join(", ")}`, precision, (p) => p === null || PRECISIONS.includes(p));
  check("verify", "true or false", verify, (v) => typeof v === "boolean");
  if (engine !== null && (device !== "auto" || threads !== null)) {
    throw new ArgumentError("device", "no device and no threads beside an engine, which has both", threads ?? device);
  }
  const recipe =
    typeof source === "string" ? await folderRecipe(source, verify) : await publishedRecipe(source, verify);
  return assemble(recipe, settings);
}

/** Opens what the default decoding needs, and closes what was opened so far if a later part fails. */
async function assemble(recipe: Recipe, settings: LoadSettings): Promise<ImageModel> {
  const parts = new Parts();
  const close = () => parts.close();
  try {
    const { device, threads } = settings;
    const opening = settings.engine ?? parts.own(openEngine({ device, threads }));
    const [engine, captions] = await Promise.all([opening, openCaptions(recipe)]);
    const routes = routesOf(recipe, engine, settings.precision, parts);
    const [own, ...others] = routes as [ImageRoute, ...ImageRoute[]];
    await own.network();
    const { name, revision, licence, styles, defaults } = recipe;
    const { decoding, style } = defaults;
    const { sampling, precision, sha256 } = own;
    return {
      ...{ name, revision, licence, styles },
      decodings: [...new Set([decoding, ...own.decodings, ...others.flatMap((route) => route.decodings)])],
      defaults: { style, ...sampling },
      side: sideOf(recipe.networks[0]!),
      device: engine.device,
      ...{ precision, sha256, routes, captions, close },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The text tokenizer. One whose ids have no row in a caption table belongs to another model. */
async function openCaptions({ captions, networks, locate, verify }: Recipe): Promise<TextTokenizer | null> {
  if (captions === null) return null;
  await verify([captions.file]);
  const file = locate(captions.file);
  const tokenizer = await loadTextTokenizer(file);
  const { condition } = networks[0]!.transformer.config;
  if (condition.kind === "caption" && tokenizer.vocabularySize > condition.vocabulary) {
    const problem = `it has ${tokenizer.vocabularySize} tokens, the transformer ${condition.vocabulary}`;
    throw new CheckpointError(file, "bad-size", problem, "Use the tokenizer that the model was trained with.");
  }
  return tokenizer;
}
