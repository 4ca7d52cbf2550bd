/** A text model that is ready: its network, its tokenizer and what its folder says about both. */
import type { Options } from "../base/check.js";
import type { Model } from "../core/architecture.js";
import { openModel } from "../core/model.js";
import type { Prompts } from "../core/prompt/feeder.js";
import { revisionOf } from "../media/hub-folder.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { SharedModels } from "../media/shared-models.js";
import type { TextConfig } from "../models/text-config.js";
import type { ChatTemplate } from "../tokenizers/text/chat-template.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { openTextFolder } from "./folder.js";
import type { TextSampling } from "./sampling.js";

/** A loaded model: any number of generations may share it, one after the other or at once. */
export interface TextModel extends LoadedModel {
  readonly tokenizer: TextTokenizer;
  /** Makes a text of a conversation; null for a model that was not made for any. */
  readonly template: ChatTemplate | null;
  /** Tokens that the model sees, prompt and answer together. */
  readonly contextLength: number;
  /** Ids with which it ends a text. */
  readonly ends: readonly number[];
  /** How it is sampled where the caller says nothing, and how many tokens it generates at most. */
  readonly defaults: TextSampling & { readonly maxOutputTokens: number };
  readonly network: Model<TextConfig, Prompts, number>;
}

/** Where neither a caller nor the model's folder says how many. */
const MAX_OUTPUT_TOKENS = 512;

/**
 * Loads a text model from a folder as the Hugging Face hub lays it out: config.json, model.safetensors (or several with their index),
 * tokenizer.json; and where they are there tokenizer_config.json or chat_template.jinja, generation_config.json.
 *
 * @throws UnknownNameError for an architecture that is not there, with the list of those that are; InputError for a missing file;
 *   WeightsError for weights missing, misshapen or left over; TokenizerError, TemplateError, CheckpointError, DeviceError, ArgumentError.
 * @example
 * const model = await loadTextModel("models/Qwen2.5-0.5B-Instruct", { precision: "q8" });
 * const { text } = await generateText({ model, messages: [{ role: "user", content: "Name a colour." }] });
 * await model.close();
 */
export async function loadTextModel(folder: string, options: Options<LoadSettings> = {}): Promise<TextModel> {
  const settings = loadSettings("loadTextModel", options);
  const { name, files, network, weights, tokenizer, template, ends, sampling, maxOutputTokens } = await openTextFolder(
    folder,
    settings.verify,
  );
  return loaded(settings, async (opening, parts) => {
    await parts.own(Promise.resolve(weights));
    const engine = await opening;
    const { architecture, config, checkpoint } = network;
    const precision = settings.precision ?? "f32";
    const model = await parts.own(openModel(engine, architecture, config, checkpoint, { precision }));
    return {
      ...{ name, tokenizer, template, ends, precision },
      revision: revisionOf(files.sha256),
      licence: "see the model's own card",
      device: engine.device,
      sha256: files.sha256,
      contextLength: config.contextLength,
      defaults: { ...sampling, maxOutputTokens: maxOutputTokens ?? MAX_OUTPUT_TOKENS },
      network: model,
    };
  });
}

/** The models of calls that name a folder. */
export const TEXT_MODELS = new SharedModels({ load: (source) => loadTextModel(source), fallback: "" });
