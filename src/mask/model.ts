/** A mask model that is ready. */
import type { Options } from "../base/check.js";
import { once } from "../base/once.js";
import { ordersOf } from "../core/orders.js";
import { segmenterObjective } from "../core/segmenter/config.js";
import { unpacked } from "../engine/weights/block-codes.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { openTextTokenizer } from "../media/prompt.js";
import { digestsOf, folderRecipe, openFile } from "../media/recipe.js";
import { type Route, type Routed, routed } from "../media/routes.js";
import { SharedModels } from "../media/shared-models.js";
import { DEFAULT_MASK_MODEL } from "../models/known.js";
import { parseMaskModelConfig } from "../models/mask-config.js";
import { type FramedTokenizer, openFramedTokenizer } from "../tokenizers/mask/framed-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { type MaskNetwork, openMaskNetwork } from "./network.js";

/** A loaded model: any number of calls may share it, one after the other or at once. */
export interface MaskModel extends LoadedModel, Routed<Route<MaskNetwork>> {
  /** Tokens of a mask, and how many different ones there are. */
  readonly tokens: number;
  readonly vocabularySize: number;
  /** Pixels of one side of the pictures that it sees; a picture of another size is squashed. */
  readonly side: number;
  /** Tokens of a prompt that it reads, at most. */
  readonly captionSlots: number;
  readonly words: TextTokenizer;
  /**
   * The tokenizer of masks.
   *
   * @internal
   */
  readonly masks: FramedTokenizer;
}

/**
 * Loads a mask model: an embedded one by its name, or a folder of that layout by its path.
 *
 * @throws UnknownNameError for a name that does not exist; CheckpointError for files that are damaged or not those that config.json
 *   states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadMaskModel("my-masks");
 * const { masks } = await segmentImage({ model, image: "photo.png", prompt: "the blue umbrella" });
 * await model.close();
 */
export async function loadMaskModel(
  source: string = DEFAULT_MASK_MODEL,
  options: Options<LoadSettings> = {},
): Promise<MaskModel> {
  const settings = loadSettings("loadMaskModel", options);
  const recipe = await folderRecipe(source, settings.verify, parseMaskModelConfig);
  const { name, revision, licence, tokenizer, segmenter, sampling } = recipe;
  const { captionSlots, side, words: rows } = segmenter.config;
  const precision = settings.precision ?? recipe.precision;
  const sha256 = digestsOf(recipe, [tokenizer.weights, segmenter.weights, recipe.words]);
  return loaded(settings, async (opening, parts) => {
    const words = await openTextTokenizer(recipe, recipe.words, rows);
    const coded = unpacked(await openFile(recipe, tokenizer.weights, parts));
    const engine = await opening;
    const masks = await parts.own(openFramedTokenizer(engine, tokenizer.config, coded));
    const open = async () => {
      const weights = unpacked(await openFile(recipe, segmenter.weights, parts));
      return parts.own(openMaskNetwork(engine, segmenter.config, weights, { precision, boxOf: masks.boxOf }));
    };
    const decodings = ordersOf(segmenterObjective(segmenter.config));
    const route = { decodings, sampling, precision, sha256, network: once(open) };
    return {
      ...{ name, revision, licence, side, captionSlots, words, masks, precision, sha256 },
      ...{ tokens: masks.tokens, vocabularySize: masks.vocabularySize, device: engine.device },
      ...routed([route], decodings[0]!),
    };
  });
}

/** The models of calls that bring none. */
export const MASK_MODELS = new SharedModels({ load: (source) => loadMaskModel(source), fallback: DEFAULT_MASK_MODEL });
