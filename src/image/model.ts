/** An image model that is ready: its parts from the stairs below, opened with every weight accounted for. */
import { readFile } from "node:fs/promises";
import { isObject, type Options } from "../base/check.js";
import { CheckpointError } from "../base/errors.js";
import { type CaptionEncoder, openCaptionEncoder } from "../core/caption-encoder.js";
import { openPictureEncoder, type PictureEncoder } from "../core/picture-encoder.js";
import type { Engine } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { unpacked } from "../engine/weights/block-codes.js";
import { givenTextEncoder, type TextEncoderSettings } from "../media/given-text-encoder.js";
import { LOAD_DEFAULTS, type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import type { Closable, Parts } from "../media/parts.js";
import { openTextTokenizer } from "../media/prompt.js";
import { digestsOf, openFile } from "../media/recipe.js";
import { type Routed, routed } from "../media/routes.js";
import { SharedModels } from "../media/shared-models.js";
import type { TextEncoderModel } from "../media/text-encoder.js";
import type { ImageDefaults } from "../models/image-config.js";
import { DEFAULT_IMAGE_MODEL } from "../models/known.js";
import { sideOf, type Weighted } from "../models/network-config.js";
import { openUpscaler, type Upscaler } from "../tokenizers/image/upscaler.js";
import { KnownWords } from "../tokenizers/text/known-words.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { type Conversation, openConversation } from "./conversation.js";
import { type ImageRecipe, imageRecipe, type ImageSource } from "./recipe.js";
import { type ImageRoute, routesOf } from "./route.js";

/**
 * A loaded model: any number of generations may share it, one after the other or at once. What a decoding needs besides its
 * default one is opened when it is first asked for.
 */
export interface ImageModel extends LoadedModel, Routed<ImageRoute> {
  /** Names that `style` may have, besides "none"; empty for a model without styles. */
  readonly styles: readonly string[];
  /** How it draws by its default decoding where the caller says nothing. */
  readonly defaults: ImageDefaults;
  /** Pixels of one side of the pictures it makes. */
  readonly side: number;
  /** Prompts to ids; null for a model that reads no captions. */
  readonly captions: TextTokenizer | null;
  /** Writes prompts into the conversation that its transformer was trained on; null for a model that takes them as they are. */
  readonly conversation: Conversation | null;
  /** The words of the captions of training; null where they are not known. */
  readonly words: KnownWords | null;
  /** Ids to the vectors that its transformers take; null for a model whose transformers take ids. */
  readonly captionEncoder: CaptionEncoder | null;
  /** What reads prompts for a model that was trained on vectors of texts; null for any other, and where none was given. */
  readonly textEncoder: TextEncoderModel | null;
  /** What draws larger pictures than `side`; null: they are resampled. */
  readonly upscaler: LazyPart<Upscaler> | null;
  /** What chooses among candidates; null for a model that has no such part. */
  readonly pictureEncoder: LazyPart<PictureEncoder> | null;
}

/** A part that is opened when it is first needed, and the digest of its file, by its name; empty where `verify` was off. */
export interface LazyPart<P> {
  open(): Promise<P>;
  readonly sha256: Readonly<Record<string, string>>;
}

export interface ImageLoadSettings extends LoadSettings, TextEncoderSettings {}

const DEFAULTS: ImageLoadSettings = Object.freeze({ ...LOAD_DEFAULTS, textEncoder: null });

/**
 * Loads an image model: an embedded or a pulled one by its name, a folder of that layout by its path, or published files. One that was
 * trained on the vectors of a text encoder, as LlamaGen's and NAR's text-to-image models, reads prompts by the `textEncoder` of that kind.
 * A folder may be that of Janus or Janus-Pro on the hub, of the authors or converted; its prompts are worded as Janus-Pro's unless
 * `{ folder, dialogue: "janus" }` says that it is Janus-1.3B.
 *
 * @throws UnknownNameError for a name or row that does not exist; CheckpointError for files that are damaged or not those that
 *   config.json states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadImageModel("tessera-icons");
 * const { images } = await generateImage({ model, prompt: "red apple", seed: 7 });
 * await images[0].save("apple.png");
 * await model.close();
 * @example
 * const files = { transformer: "t2i_XL_stage2_512.pt", tokenizer: "vq_ds16_t2i.pt", config: "llamagen-t2i-xl-512" } as const;
 * const model = await loadImageModel(files, { textEncoder: "flan-t5-xl", precision: "q8" });
 * const { images } = await generateImage({ model, prompt: "a red apple on a table", seed: 7 });
 */
export async function loadImageModel(
  source: ImageSource = DEFAULT_IMAGE_MODEL,
  options: Options<ImageLoadSettings> = {},
): Promise<ImageModel> {
  const settings = loadSettings("loadImageModel", options, DEFAULTS);
  const recipe = await imageRecipe(source, settings.verify);
  return loaded(settings, async (opening, parts) => {
    const [engine, captions, words] = await Promise.all([opening, openCaptions(recipe), openWords(recipe)]);
    const { name, revision, licence, styles, defaults } = recipe;
    const ways = routed(routesOf(recipe, engine, settings.precision, parts), defaults.decoding);
    const [{ network, sampling, precision, sha256 }] = ways.routes;
    const dialogue = recipe.captions?.dialogue;
    const conversation = dialogue ? openConversation(captions!, dialogue, recipe.locate(recipe.captions!.file)) : null;
    const captionEncoder = await openEncoder(recipe, engine, parts);
    const { condition } = recipe.networks[0]!.transformer.config;
    const width = condition.kind === "features" ? condition.size : null;
    const textEncoder = await givenTextEncoder(settings, { name, width }, engine, parts);
    /** A part of the recipe that most calls do without. */
    const lazy = <C, P extends Closable>(
      part: Weighted<C> | null | undefined,
      open: (engine: Engine, config: C, weights: Checkpoint) => P | Promise<P>,
    ): LazyPart<P> | null =>
      part
        ? {
            sha256: digestsOf(recipe, [part.weights]),
            open: () =>
              parts.share(part, async () =>
                open(engine, part.config, unpacked(await openFile(recipe, part.weights, parts))),
              ),
          }
        : null;
    await network();
    return {
      ...{ name, revision, licence, styles },
      ...ways,
      defaults: { style: defaults.style, ...sampling },
      side: sideOf(recipe.networks[0]!),
      device: engine.device,
      ...{ precision, sha256, captions, conversation, words, captionEncoder, textEncoder },
      upscaler: lazy(recipe.upscaler, openUpscaler),
      pictureEncoder: lazy(recipe.captions?.pictures, openPictureEncoder),
    };
  });
}

/** The models of calls that bring none. */
export const IMAGE_MODELS = new SharedModels({
  load: (source) => loadImageModel(source),
  fallback: DEFAULT_IMAGE_MODEL,
});

async function openCaptions(recipe: ImageRecipe): Promise<TextTokenizer | null> {
  if (recipe.captions === null) return null;
  const { condition } = recipe.networks[0]!.transformer.config;
  const rows = "vocabulary" in condition ? condition.vocabulary : Number.POSITIVE_INFINITY;
  return openTextTokenizer(recipe, recipe.captions.file, rows);
}

async function openEncoder(recipe: ImageRecipe, engine: Engine, parts: Parts): Promise<CaptionEncoder | null> {
  const encoder = recipe.captions?.encoder;
  if (!encoder) return null;
  const weights = unpacked(await openFile(recipe, encoder.weights, parts));
  return parts.own(openCaptionEncoder(engine, encoder.config, weights));
}

async function openWords({ captions, locate, verify }: ImageRecipe): Promise<KnownWords | null> {
  if (!captions?.words) return null;
  await verify([captions.words]);
  const path = locate(captions.words);
  const remedy = "Restore the file from where the model came from.";
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CheckpointError(path, "unreadable", "the file cannot be read", remedy, { cause });
  });
  const words = parsedWords(text);
  if (!words) throw new CheckpointError(path, "unreadable", "it is no array of words, nor { words, meanings }", remedy);
  return words;
}

/** The words that a JSON text lists, with or without meanings; null where it is something else. */
function parsedWords(text: string): KnownWords | null {
  try {
    const json: unknown = JSON.parse(text);
    if (areWords(json)) return new KnownWords(json);
    if (!isObject(json) || !areWords(json.words) || !isObject(json.meanings)) return null;
    const meanings = json.meanings as Readonly<Record<string, readonly string[]>>;
    return Object.values(meanings).every(areWords) ? new KnownWords(json.words, meanings) : null;
  } catch {
    return null;
  }
}

const areWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((word) => typeof word === "string");
