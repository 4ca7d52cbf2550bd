/** Options that several commands share, and how their words become values. */
import { type Command, InvalidArgumentError } from "commander";
import { described } from "../base/words.js";
import {
  ArgumentError,
  DEFAULT_IMAGE_MODEL,
  type DeviceName,
  EMBEDDED_MODELS,
  type ImageModel,
  loadImageModel,
  type OctgptFiles,
  type Precision,
  type PublishedName,
  type PublishedShapeName,
} from "../index.js";
import { PRECISIONS } from "../engine/index.js";
import { print } from "./streams.js";

export const STYLE_HELP = `style of the pictures, or none; ${DEFAULT_IMAGE_MODEL} has ${EMBEDDED_MODELS[DEFAULT_IMAGE_MODEL].styles.join(", ")}`;

/** A number as people write it. Its range is checked where it is used. */
export function numberOf(word: string): number {
  const value = word.trim() === "" ? Number.NaN : Number(word);
  if (Number.isNaN(value)) throw new InvalidArgumentError(`"${word}" is not a number.`);
  return value;
}

/** Where and how a model computes. */
export interface LoadOptions {
  readonly device: DeviceName | "auto";
  readonly threads?: number;
  readonly precision?: Precision;
}

export const withLoadOptions = (command: Command): Command =>
  command
    .optionsGroup("How it computes:")
    .option("--device <name>", "auto, or a device listed by `tessera doctor`", "auto")
    .option("--threads <count>", "CPU threads (default: one per core; fewer are faster on a busy machine)", numberOf)
    .option("--precision <kind>", `precision of the weights: ${PRECISIONS.join(", ")} (default: as the model states)`);

/** Settings of load*Model out of those options. */
export const loadSettingsOf = ({ device, threads, precision }: LoadOptions) => ({ device, threads, precision });

/** How tokens are drawn; every default is the model's. */
export interface SamplingOptions {
  readonly guidance?: number;
  readonly guidanceUntil?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
}

const SAMPLING: { readonly [Name in keyof SamplingOptions]-?: readonly [flags: string, about: string] } = {
  guidance: ["--guidance <scale>", "how strongly to follow the prompt (1: off)"],
  guidanceUntil: ["--guidance-until <fraction>", "fraction of the tokens after which guidance stops (1: never)"],
  temperature: ["--temperature <number>", "randomness of the draws (0: always the most probable token)"],
  topK: ["--top-k <count>", "draw from the k most probable tokens only (0: off)"],
  topP: ["--top-p <fraction>", "draw from the most probable tokens that add up to p only (1: off)"],
  minP: ["--min-p <fraction>", "leave out tokens below this fraction of the highest probability (0: off)"],
  repetitionPenalty: ["--repetition-penalty <number>", "above 1: tokens that occurred become less likely (1: off)"],
};

/** Adds the sampling options of these names. */
export function withSamplingOptions(command: Command, names: readonly (keyof SamplingOptions)[]): Command {
  command.optionsGroup("How tokens are drawn:");
  for (const name of names) command.option(...SAMPLING[name], numberOf);
  return command;
}

/** Which items of a seed are made. */
export interface ItemOptions {
  readonly n: number;
  readonly seed: number;
  readonly firstIndex: number;
}

/** Adds the options that number items; `items` is what a user calls them, such as "pictures". */
export const withItemOptions = (command: Command, items: string): Command =>
  command
    .option("--n <count>", `number of ${items}`, numberOf, 1)
    .option("--seed <number>", `seed; the same seed gives the same ${items}`, numberOf, 0)
    .option("--first-index <number>", `number of the first among the ${items} of the seed`, numberOf, 0);

/** What a command prints. */
export interface ReportOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

export const withReportOptions = (command: Command): Command =>
  command
    .optionsGroup("What it prints:")
    .option("--json", "print one JSON object and nothing else", false)
    .option("-q, --quiet", "print no progress", false);

export interface ModelOptions extends LoadOptions {
  readonly model?: string;
  readonly transformer?: string;
  readonly tokenizer?: string;
  readonly config?: string;
  readonly textEncoder?: string;
}

/** Adds --model; `fallback` says what is loaded without it. */
export const withModelOption = (command: Command, fallback: string): Command =>
  command
    .optionsGroup("Which model:")
    .option("--model <name or folder>", `an embedded model, or a folder with a config.json (default: ${fallback})`);

export const withModelOptions = (command: Command): Command =>
  withLoadOptions(
    withModelOption(command, DEFAULT_IMAGE_MODEL)
      .option("--transformer <file>", "file of a published transformer; needs --tokenizer and --config")
      .option("--tokenizer <file>", "file of its image tokenizer")
      .option("--config <name>", "its name in `tessera models`, such as llamagen-c2i-b-256")
      .option("--text-encoder <folder>", "what reads prompts for a model trained on its vectors, such as flan-t5-xl"),
  );

/** The files of a published shape model. */
export interface ShapeFileOptions {
  readonly model?: string;
  readonly transformer?: string;
  readonly codec?: string;
  readonly config?: string;
  readonly textEncoder?: string;
}

/** Adds --model and the files of a published shape model. */
export const withShapeModelOptions = (command: Command, fallback: string): Command =>
  withModelOption(command, fallback)
    .option("--transformer <file>", "file of an OctGPT transformer; needs --codec and --config")
    .option("--codec <file>", "file of its autoencoder")
    .option("--text-encoder <folder>", "what reads prompts for a model trained on its vectors, such as CLIP's")
    .option("--config <name>", "its name in `tessera models`, such as octgpt-chair");

/** The mesh model that the options name: a name, a folder or files; undefined for the embedded one. */
export function shapeSourceOf({
  model,
  transformer,
  codec,
  config,
}: ShapeFileOptions): string | OctgptFiles | undefined {
  const given = { transformer, codec, config };
  if (Object.values(given).every((value) => value === undefined)) return model;
  if (transformer !== undefined && codec !== undefined && config !== undefined && model === undefined)
    return { transformer, codec, config: config as PublishedShapeName };
  throw incomplete("--transformer, --codec and --config together, without --model", { ...given, model });
}

/** Loads the image model that the options name. */
export function modelOf(options: ModelOptions): Promise<ImageModel> {
  const { model, transformer, tokenizer, config } = options;
  const { textEncoder = null } = options;
  const settings = { ...loadSettingsOf(options), textEncoder };
  const files = [transformer, tokenizer, config];
  if (files.every((file) => file === undefined)) return loadImageModel(model, settings);
  if (transformer === undefined || tokenizer === undefined || config === undefined || model !== undefined) {
    const given = { transformer, tokenizer, config, model };
    throw incomplete("--transformer, --tokenizer and --config together, without --model", given);
  }
  return loadImageModel({ transformer, tokenizer, config: config as PublishedName }, settings);
}

function incomplete(expected: string, given: Readonly<Record<string, string | undefined>>): ArgumentError {
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  return new ArgumentError("options", expected, described(names.join(" ")));
}

/** Control characters beyond ASCII, which JSON leaves alone, are escaped as JSON would. */
export const printJson = (value: unknown): void => print(`${JSON.stringify(value)}\n`);
