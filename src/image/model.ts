/** An image model that is ready: its parts from the stairs below, opened with every weight accounted for. */
import { basename, join } from "node:path";
import { check, type Options, withDefaults } from "../base/check.js";
import { sha256OfFile } from "../base/digest.js";
import { ArgumentError, CheckpointError, UnknownNameError } from "../base/errors.js";
import { type TransformerConfig, transformerConfig } from "../core/configs.js";
import { openTransformer, type Transformer } from "../core/model.js";
import type { DeviceName } from "../engine/devices.js";
import type { DeviceReport, Engine, Precision } from "../engine/engine.js";
import { openEngine } from "../engine/open.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { openModelFolder, verifyFiles } from "../models/folder.js";
import { type ImageDefaults, PRECISIONS, parseImageModelConfig } from "../models/image-config.js";
import { DEFAULT_IMAGE_MODEL, PUBLISHED_IMAGE_MODELS, type PublishedName } from "../models/known.js";
import { downsampleOf, VQ_CONFIGS, type VqConfig } from "../tokenizers/image/vq-config.js";
import { type ImageTokenizer, openVqTokenizer } from "../tokenizers/image/vq-tokenizer.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";

/** A loaded model. It never changes: any number of generations may share it, one after the other or at once. */
export interface ImageModel extends AsyncDisposable {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
  /** Names that `style` may have, besides "none"; empty for a model without styles. */
  readonly styles: readonly string[];
  readonly defaults: ImageDefaults;
  /** Pixels of one side of the pictures it makes. */
  readonly side: number;
  readonly device: DeviceReport;
  readonly precision: Precision;
  /** SHA-256 of every file it was made of; empty where `verify` was off. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Pictures to ids and back. */
  readonly tokenizer: ImageTokenizer;
  readonly transformer: Transformer;
  /** Prompts to ids; null for a model that reads no captions. */
  readonly captions: TextTokenizer | null;
  close(): Promise<void>;
}

/** A published checkpoint by its two files. They may be the PyTorch files of the authors or safetensors. */
export interface PublishedFiles {
  /** Such as "vq_ds16_c2i.pt". */
  readonly tokenizer: string;
  /** Such as "c2i_B_256.pt". */
  readonly transformer: string;
  /** The row that the files are read by. It is never guessed from their names. */
  readonly config: PublishedName;
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

/** All that is known about a model before a device sees it. */
interface Recipe
  extends Pick<ImageModel, "name" | "revision" | "licence" | "styles" | "defaults" | "sha256" | "precision"> {
  readonly tokenizer: { readonly file: string; readonly config: VqConfig };
  readonly transformer: { readonly file: string; readonly config: TransformerConfig };
  readonly captions: string | null;
}

async function folderRecipe(nameOrPath: string, verify: boolean): Promise<Recipe> {
  const { path, json } = await openModelFolder(nameOrPath);
  const config = parseImageModelConfig(json, join(path, "config.json"));
  if (verify) await verifyFiles(path, config.sha256);
  const { tokenizer, transformer, captions } = config;
  return {
    ...config,
    sha256: verify ? config.sha256 : {},
    tokenizer: { file: join(path, tokenizer.weights), config: tokenizer.config },
    transformer: { file: join(path, transformer.weights), config: transformer.config },
    captions: captions && join(path, captions.file),
  };
}

async function publishedRecipe({ tokenizer, transformer, config }: PublishedFiles, verify: boolean): Promise<Recipe> {
  if (!Object.hasOwn(PUBLISHED_IMAGE_MODELS, config)) {
    throw new UnknownNameError("published image model", String(config), Object.keys(PUBLISHED_IMAGE_MODELS));
  }
  const row = PUBLISHED_IMAGE_MODELS[config];
  const sha256: Record<string, string> = {};
  for (const file of verify ? [tokenizer, transformer] : []) {
    sha256[basename(file)] = await sha256OfFile(file).catch((cause: unknown) => {
      const { files, origin } = row;
      const remedy = `Download ${files.tokenizer} and ${files.transformer} from ${origin}.`;
      throw new CheckpointError(file, "unreadable", "the file cannot be read", remedy, { cause });
    });
  }
  return {
    name: config,
    revision: "published",
    licence: row.licence,
    styles: [],
    defaults: row.defaults,
    precision: "f32",
    sha256,
    tokenizer: { file: tokenizer, config: VQ_CONFIGS[row.tokenizer] },
    transformer: { file: transformer, config: transformerConfig(config) },
    captions: null,
  };
}

/** Opens files and engine, and closes what was opened so far if a later part fails. */
async function assemble(recipe: Recipe, settings: LoadSettings): Promise<ImageModel> {
  const opened: { close(): Promise<void> }[] = [];
  const own = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  const close = async () => {
    for (const part of opened.splice(0).reverse()) await part.close();
  };
  try {
    const captions = recipe.captions === null ? null : await loadTextTokenizer(recipe.captions);
    checkCaptions(recipe, captions);
    const checkpoint = async (file: string): Promise<Checkpoint> => own(await openCheckpoint(file));
    const engine = settings.engine ?? own(await openEngine({ device: settings.device, threads: settings.threads }));
    const precision = settings.precision ?? recipe.precision;
    const vq = recipe.tokenizer;
    const tokenizer = own(await openVqTokenizer(engine, vq.config, await checkpoint(vq.file)));
    const weights = unpacked(await checkpoint(recipe.transformer.file));
    const transformer = own(await openTransformer(engine, recipe.transformer.config, weights, { precision }));
    const { name, revision, licence, styles, defaults, sha256 } = recipe;
    return {
      ...{ name, revision, licence, styles, defaults, sha256, precision },
      side: recipe.transformer.config.grid * downsampleOf(vq.config),
      device: engine.device,
      ...{ tokenizer, transformer, captions },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A text tokenizer whose ids have no row in the caption table belongs to another model. */
function checkCaptions({ transformer, captions: file }: Recipe, captions: TextTokenizer | null): void {
  const { condition } = transformer.config;
  if (captions === null || condition.kind !== "caption") return;
  if (captions.vocabularySize > condition.vocabulary) {
    const problem = `it has ${captions.vocabularySize} tokens, the transformer ${condition.vocabulary}`;
    throw new CheckpointError(file!, "bad-size", problem, "Use the tokenizer that the model was trained with.");
  }
}
