/** pocket-tts as its authors publish it: a folder of a language's weights and tokenizer, and the language's configuration beside them. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { ArgumentError, CheckpointError, InputError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import { readBoundedText } from "../base/read-file.js";
import { FLOW_LM_CONFIGS, type FlowLmConfig } from "../core/flow-lm/config.js";
import type { LatentCodecConfig } from "../tokenizers/speech/codecs/latent-codec.js";

export interface PocketTtsConfig {
  readonly languageModel: FlowLmConfig;
  readonly codec: LatentCodecConfig;
  /** Latents a second. */
  readonly frameRate: number;
  /** Whether the model was never taught semicolons, so that they are read as commas. */
  readonly semicolonsAsCommas: boolean;
  /** Frames from the one on at which the end is said; null: by the length of the text. */
  readonly framesAtEnd: number | null;
}

/** Files of a folder. The configuration is the one other file that ends in .yaml: english.yaml, say. */
export const POCKET_TTS_FILES = {
  weights: "model.safetensors",
  tokenizer: "tokenizer.model",
  voices: "embeddings",
} as const;

const MOST_BYTES = 2 ** 20;

/**
 * The configuration of a folder that has such weights and such a tokenizer and no config.json; null for any other source.
 *
 * @throws CheckpointError where the configuration is not there, or several are, or it is no YAML; ArgumentError for one of its fields.
 */
export async function pocketTtsOf(folder: string): Promise<{ config: PocketTtsConfig; file: string } | null> {
  const names = await readdir(folder).catch((): string[] => []);
  const { weights, tokenizer } = POCKET_TTS_FILES;
  if (names.includes("config.json") || !names.includes(weights) || !names.includes(tokenizer)) return null;
  const found = names.filter((name) => /\.ya?ml$/.test(name));
  if (found.length !== 1) {
    const problem = found.length === 0 ? "has no configuration" : `has ${found.length} configurations`;
    const remedy =
      "Bring the language's own file of pocket_tts/config in the package pocket-tts, such as english.yaml.";
    throw new CheckpointError(folder, "unreadable", problem, remedy);
  }
  const file = join(folder, found[0]!);
  const { parse } = await import("yaml");
  let value: unknown;
  try {
    value = parse(await readBoundedText(file, MOST_BYTES));
  } catch (cause) {
    if (InputError.isInstance(cause)) throw cause;
    throw new CheckpointError(file, "bad-header", "is not YAML", "Bring the file again.", { cause });
  }
  return { config: parsePocketTtsConfig(value, file), file };
}

/** A checked configuration out of that YAML. `where` names the file in messages. Throws ArgumentError. */
export function parsePocketTtsConfig(yaml: unknown, where: string): PocketTtsConfig {
  const of = fields(yaml, where);
  const [model, mimi] = [of.object("flow_lm"), of.object("mimi")];
  const quantizer = mimi.object("quantizer");
  const latent = size(quantizer, "dimension");
  const { codec, frameRate } = codecOf(mimi, quantizer, latent);
  const config: PocketTtsConfig = {
    languageModel: languageModelOf(model, latent, codec.encoded),
    ...{ codec, frameRate },
    semicolonsAsCommas: flag(of, "remove_semicolons"),
    framesAtEnd: optional(of, "model_recommended_frames_after_eos", "an integer from 1 to 100", isIntegerIn(1, 100)),
  };
  // Where the authors' code downloads from, and spaces that it puts in front of a text and strips again.
  for (const name of ["weights_path", "weights_path_without_voice_cloning", "pad_with_spaces_for_short_inputs"])
    of.take(name);
  for (const part of [of, model, mimi, quantizer]) part.finish();
  return config;
}

function languageModelOf(model: Fields, latent: number, voice: number): FlowLmConfig {
  const [flow, body, text] = [model.object("flow"), model.object("transformer"), model.object("lookup_table")];
  const width = size(body, "d_model");
  only(body, "max_period", 10000);
  only(text, "dim", width);
  only(text, "tokenizer", "sentencepiece");
  text.take("tokenizer_path");
  model.take("weights_path");
  only(model, "dtype", "float32");
  const { frequencies } = FLOW_LM_CONFIGS["pocket-tts"].head;
  const config: FlowLmConfig = {
    ...{ width, latent, voice, hidden: width * size(body, "hidden_scale"), heads: size(body, "num_heads") },
    ...{ layers: size(body, "num_layers"), textRows: size(text, "n_bins") + 1 },
    voiceMark: flag(model, "insert_bos_before_voice"),
    head: { width: size(flow, "dim"), blocks: size(flow, "depth"), frequencies },
  };
  if (width % (2 * config.heads) !== 0)
    throw new ArgumentError("flow_lm.transformer.num_heads", `a number that parts ${width} evenly`, config.heads);
  for (const part of [flow, body, text]) part.finish();
  return config;
}

function codecOf(mimi: Fields, quantizer: Fields, latent: number): { codec: LatentCodecConfig; frameRate: number } {
  const [net, body] = [mimi.object("seanet"), mimi.object("transformer")];
  const width = size(net, "dimension");
  const sampleRate = mimi.number("sample_rate", "an integer from 8000 to 48000", isIntegerIn(8000, 48000));
  const frameRate = mimi.number("frame_rate", "a number from 1 to 200", isNumberIn(1, 200));
  const ratios = net.value("ratios", "a list of one to eight integers from 1 to 64", (value): value is number[] => {
    return Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64));
  });
  const resampling = sampleRate / frameRate / ratios.reduce((product, ratio) => product * ratio, 1);
  if (!isIntegerIn(2, 1024)(resampling))
    throw new ArgumentError("mimi.frame_rate", "a rate that the ratios go into", frameRate);
  for (const [name, value] of Object.entries(NET)) only(net, name, value);
  for (const name of ["d_model", "input_dimension"]) only(body, name, width);
  only(mimi, "dtype", "float32");
  only(mimi, "channels", 1);
  only(quantizer, "output_dimension", width);
  only(mimi, "outer_dim", width);
  body.value(
    "output_dimensions",
    `[${width}]`,
    (list): list is unknown => Array.isArray(list) && list.join() === `${width}`,
  );
  if (body.take("max_period") !== undefined) only(body, "max_period", 10000);
  body.take("layer_scale"); // what training began with
  mimi.take("weights_path");
  const codec: LatentCodecConfig = {
    ...{
      sampleRate,
      latent,
      width,
      ratios,
      resampling,
      encoded: size(mimi, "inner_dim"),
      filters: size(net, "n_filters"),
    },
    ...{ heads: size(body, "num_heads"), layers: size(body, "num_layers"), hidden: size(body, "dim_feedforward") },
    window: size(body, "context"),
  };
  for (const part of [net, body]) part.finish();
  return { codec, frameRate };
}

/** What every published codec has. */
const NET = {
  ...{ channels: 1, n_residual_layers: 1, kernel_size: 7, residual_kernel_size: 3, last_kernel_size: 3 },
  ...{ dilation_base: 2, pad_mode: "constant", compress: 2 },
} as const;

const size = (of: Fields, name: string): number => of.number(name, "an integer from 1 to 65536", isIntegerIn(1, 65536));

const only = (of: Fields, name: string, expected: string | number): unknown =>
  of.value(name, `${expected}`, (value): value is unknown => value === expected);

const optional = (of: Fields, name: string, expected: string, ok: (value: unknown) => boolean): number | null =>
  of.value(
    name,
    expected,
    (value): value is number | null | undefined => value === undefined || value === null || ok(value),
  ) ?? null;

const flag = (of: Fields, name: string): boolean =>
  of.value(
    name,
    "true or false",
    (value): value is boolean | undefined => value === undefined || typeof value === "boolean",
  ) ?? false;
