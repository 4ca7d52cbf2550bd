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
  type Precision,
  type PublishedName,
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

export interface ModelOptions {
  readonly model?: string;
  readonly transformer?: string;
  readonly tokenizer?: string;
  readonly config?: string;
  readonly device: string;
  readonly threads?: number;
  readonly precision?: Precision;
}

export const withModelOptions = (command: Command): Command =>
  command
    .option("--model <name or folder>", "an embedded model, or a folder with a config.json (default: tessera-icons)")
    .option("--transformer <file>", "file of a published transformer; needs --tokenizer and --config")
    .option("--tokenizer <file>", "file of its image tokenizer")
    .option("--config <name>", "its name in `tessera models`, such as llamagen-c2i-b-256")
    .option("--device <name>", "auto, or a device listed by `tessera doctor`", "auto")
    .option("--threads <count>", "CPU threads (default: one per core; fewer are faster on a busy machine)", numberOf)
    .option("--precision <kind>", `precision of the weights: ${PRECISIONS.join(", ")} (default: as the model states)`);

/** Loads the model that the options name. */
export function modelOf(options: ModelOptions): Promise<ImageModel> {
  const { model, transformer, tokenizer, config, threads, precision } = options;
  const settings = { device: options.device as DeviceName | "auto", threads, precision };
  const files = [transformer, tokenizer, config];
  if (files.every((file) => file === undefined)) return loadImageModel(model, settings);
  if (transformer === undefined || tokenizer === undefined || config === undefined || model !== undefined) {
    const given = { transformer, tokenizer, config, model };
    const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
    throw new ArgumentError(
      "options",
      "--transformer, --tokenizer and --config together, without --model",
      described(names.join(" ")),
    );
  }
  return loadImageModel({ transformer, tokenizer, config: config as PublishedName }, settings);
}

/** Control characters beyond ASCII, which JSON leaves alone, are escaped as JSON would. */
export const printJson = (value: unknown): void => print(`${JSON.stringify(value)}\n`);
