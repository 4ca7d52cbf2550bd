/** Options that several commands share, and how their words become values. */
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  ArgumentError,
  type DeviceName,
  type ImageModel,
  loadImageModel,
  PRECISIONS,
  type Precision,
  type PublishedName,
} from "../index.js";

/** A number as people write it. What range it must have is checked where it is used. */
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
    .option("--model <name or folder>", "an embedded model, or a folder with a config.json")
    .option("--transformer <file>", "a published transformer, together with --tokenizer and --config")
    .option("--tokenizer <file>", "its image tokenizer")
    .option("--config <name>", "its configuration, such as llamagen-c2i-b-256 (see `tessera models`)")
    .option("--device <name>", "auto, or a device that `tessera doctor` lists", "auto")
    .option(
      "--threads <count>",
      "threads of the CPU (default: one a core; on a busy machine fewer are faster)",
      numberOf,
    )
    .addOption(new Option("--precision <kind>", "how weights are held").choices(PRECISIONS));

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
      names.join(" "),
    );
  }
  return loadImageModel({ transformer, tokenizer, config: config as PublishedName }, settings);
}

export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`);
};
