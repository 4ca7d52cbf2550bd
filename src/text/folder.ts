/** A text model's folder as the Hugging Face hub lays it out, read before any device sees it. */
import { access } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isObject } from "../base/check.js";
import { ArgumentError, InputError } from "../base/errors.js";
import { readBoundedJson, readBoundedText } from "../base/read-file.js";
import { hubConfig } from "../core/hub-config.js";
import { checkSampling } from "../core/sampling/ranges.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { type ModelFiles, publishedFiles } from "../media/recipe.js";
import { pulledModel } from "../models/hub/pulled.js";
import { type TextNetwork, textNetwork } from "../models/text-config.js";
import type { ChatTemplate } from "../tokenizers/text/chat-template.js";
import { loadTextTokenizer } from "../tokenizers/text/load-text-tokenizer.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { TEXT_SAMPLING_DEFAULTS, type TextSampling } from "./sampling.js";

/** Weights are looked for by these names, in this order. */
const WEIGHTS = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"] as const;

const MOST_BYTES = 2 ** 24;

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
  const pulled = (await there(resolve(folder))) ? null : await pulledModel(folder);
  const path = pulled?.folder ?? resolve(folder);
  const config = hubConfig(await json(path, "config.json"), join(path, "config.json"));
  const file = await weightsOf(path);
  const weights = await openCheckpoint(join(path, file));
  try {
    const [settings, generation] = [
      await optional(path, "tokenizer_config.json"),
      await optional(path, "generation_config.json"),
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
      name: basename(pulled?.name ?? path),
      files: await publishedFiles([...names, ...shardsOf(weights, path)], verify, REMEDY),
      ...{ network, weights, tokenizer },
      template: await templateOf(path, settings),
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

type Json = Readonly<Record<string, unknown>>;

async function json(path: string, file: string): Promise<Json> {
  const where = join(path, file);
  const parsed = await readBoundedJson(where, MOST_BYTES, REMEDY);
  if (!isObject(parsed)) throw new InputError(where, "it holds no object", REMEDY);
  return parsed;
}

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const optional = async (path: string, file: string): Promise<Json | null> =>
  (await there(join(path, file))) ? json(path, file) : null;

async function weightsOf(path: string): Promise<string> {
  for (const name of WEIGHTS) if (await there(join(path, name))) return name;
  throw new InputError(path, `it has none of ${WEIGHTS.join(", ")}`, REMEDY);
}

/** The files that an index names. */
function shardsOf(weights: Checkpoint, path: string): string[] {
  const files = [...weights.entries.keys()].map((name) => weights.extent(name)?.path);
  return [...new Set(files)].filter(
    (file): file is string =>
      file !== undefined && dirname(file) === path && !WEIGHTS.some((name) => file.endsWith(name)),
  );
}

async function templateOf(path: string, settings: Json | null): Promise<ChatTemplate | null> {
  const beside = join(path, "chat_template.jinja");
  const stated = settings?.chat_template;
  const named: unknown = Array.isArray(stated)
    ? stated.find((each: Json) => each.name === "default")?.template
    : stated;
  const source: unknown = (await there(beside)) ? await readBoundedText(beside, MOST_BYTES) : named;
  if (typeof source !== "string") return null;
  const tokens = Object.entries(settings ?? {}).flatMap(([name, token]) => {
    const text = tokenText(token);
    return name.endsWith("_token") && text !== null ? [[name, text] as const] : [];
  });
  const { ChatTemplate } = await import("../tokenizers/text/chat-template.js"); // with the engine of templates
  return new ChatTemplate(source, Object.fromEntries(tokens));
}

/** A special token as files write it: a text, or an object around one. */
function tokenText(token: unknown): string | null {
  const text = typeof token === "object" && token !== null ? (token as Json).content : token;
  return typeof text === "string" ? text : null;
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
