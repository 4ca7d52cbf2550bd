/** A text model's folder as the Hugging Face hub lays it out, read before any device sees it. */
import { basename, join } from "node:path";
import { ArgumentError } from "../base/errors.js";
import { readBoundedText } from "../base/read-file.js";
import { hubConfig } from "../core/hub-config.js";
import { checkSampling } from "../core/sampling/ranges.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { type HubFolder, hubFolder, type Json, MOST_SETTINGS_BYTES, shardsOf, tokenText } from "../media/hub-folder.js";
import { type ModelFiles, publishedFiles } from "../media/recipe.js";
import { type TextNetwork, textNetwork } from "../models/text-config.js";
import type { ChatTemplate } from "../tokenizers/text/chat-template.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { TEXT_SAMPLING_DEFAULTS, type TextSampling } from "./sampling.js";

const REMEDY =
  "Download the whole folder of the model: config.json, the weights, tokenizer.json, tokenizer_config.json.";

/** What a folder says of its model. The checkpoint is open, and whoever asked closes it. */
export interface TextFolder {
  /** The folder's name. */
  readonly name: string;
  readonly files: ModelFiles;
  readonly network: TextNetwork;
  readonly weights: Checkpoint;
  readonly tokenizer: TextTokenizer;
  /** null for a model that was not made for conversations. */
  readonly template: ChatTemplate | null;
  /** Ids with which the model ends a text; empty where nothing says so. */
  readonly ends: readonly number[];
  readonly sampling: TextSampling;
  /** Tokens that the model's authors let it generate; null where they do not say. */
  readonly maxOutputTokens: number | null;
}

/**
 * Reads a folder, or that of a model that was pulled under this name. `verify`: whether its files are hashed, for manifests.
 *
 * @throws InputError for a file that is missing or too large, UnknownNameError for an architecture that is not there, TokenizerError,
 *   TemplateError, CheckpointError, ArgumentError for a field that cannot be.
 */
export async function openTextFolder(folder: string, verify: boolean): Promise<TextFolder> {
  const hub = await hubFolder(folder, REMEDY);
  const { path } = hub;
  const config = hubConfig(await hub.json("config.json"), join(path, "config.json"));
  const file = await hub.weights();
  const weights = await openCheckpoint(join(path, file));
  try {
    const [settings, generation] = [
      await hub.optional("tokenizer_config.json"),
      await hub.optional("generation_config.json"),
    ];
    const network = textNetwork(config.json, weights);
    const tokenizer = await loadTextTokenizer(join(path, "tokenizer.json"));
    if (tokenizer.vocabularySize > network.config.vocabulary)
      throw new ArgumentError(
        "tokenizer.json",
        `at most the ${network.config.vocabulary} ids of the model`,
        tokenizer.vocabularySize,
      );
    const names = [file, "config.json", "tokenizer.json"].map((name) => join(path, name));
    return {
      name: basename(hub.name),
      files: await publishedFiles([...names, ...shardsOf(weights, hub)], verify, REMEDY),
      ...{ network, weights, tokenizer },
      template: await templateOf(hub, settings),
      ends: endsOf([config.json, generation], settings, tokenizer),
      sampling: samplingOf(generation),
      maxOutputTokens:
        generation === null
          ? null
          : hubConfig(generation, "generation_config.json").wholeOrNull("max_new_tokens", null),
    };
  } catch (error) {
    await weights.close();
    throw error;
  }
}

async function templateOf(hub: HubFolder, settings: Json | null): Promise<ChatTemplate | null> {
  const beside = "chat_template.jinja";
  const stated = settings?.chat_template;
  const named: unknown = Array.isArray(stated)
    ? stated.find((each: Json) => each.name === "default")?.template
    : stated;
  const source: unknown = (await hub.has(beside))
    ? await readBoundedText(join(hub.path, beside), MOST_SETTINGS_BYTES)
    : named;
  if (typeof source !== "string") return null;
  const tokens = Object.entries(settings ?? {}).flatMap(([name, token]) => {
    const text = tokenText(token);
    return name.endsWith("_token") && text !== null ? [[name, text] as const] : [];
  });
  const { ChatTemplate } = await import("../tokenizers/text/chat-template.js"); // with the engine of templates
  return new ChatTemplate(source, Object.fromEntries(tokens));
}

function endsOf(stated: readonly (Json | null)[], settings: Json | null, tokenizer: TextTokenizer): number[] {
  const ids = stated.flatMap((each) => [each?.eos_token_id].flat());
  const named = tokenText(settings?.eos_token);
  const all = [...ids, named === null ? null : tokenizer.idOf(named)];
  return [...new Set(all.filter((id): id is number => Number.isInteger(id) && (id as number) >= 0))];
}

function samplingOf(generation: Json | null): TextSampling {
  if (generation === null) return TEXT_SAMPLING_DEFAULTS;
  const of = hubConfig(generation, "generation_config.json");
  const stated = (name: string, ours: keyof TextSampling) =>
    checkSampling(ours, (generation[name] ?? TEXT_SAMPLING_DEFAULTS[ours]) as number, `generation_config.json.${name}`);
  const numbers = {
    guidance: stated("guidance_scale", "guidance"),
    temperature: stated("temperature", "temperature"),
    topK: stated("top_k", "topK"),
    topP: stated("top_p", "topP"),
    minP: stated("min_p", "minP"),
    repetitionPenalty: stated("repetition_penalty", "repetitionPenalty"),
  };
  return of.flag("do_sample", true) ? numbers : { ...numbers, temperature: 0 };
}
