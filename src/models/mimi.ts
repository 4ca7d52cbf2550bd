/** Mimi as the Hugging Face hub has it: a folder of config.json and model.safetensors. */
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { fields } from "../base/fields.js";
import type { MimiConfig } from "../tokenizers/speech/codecs/mimi.js";

/** Sizes as kyutai/mimi is published, where a config.json leaves them out. */
const PUBLISHED = {
  ...{
    sampling_rate: 24000,
    hidden_size: 512,
    num_filters: 64,
    codebook_size: 2048,
    codebook_dim: 256,
    num_quantizers: 32,
  },
  ...{ num_hidden_layers: 8, intermediate_size: 2048, num_attention_heads: 8, sliding_window: 250 },
} as const;

/** What every published codec of this kind has. */
const FIXED = {
  ...{
    audio_channels: 1,
    num_residual_layers: 1,
    kernel_size: 7,
    last_kernel_size: 3,
    residual_kernel_size: 3,
    compress: 2,
  },
  ...{ use_causal_conv: true, pad_mode: "constant", trim_right_ratio: 1, use_conv_shortcut: false, norm_eps: 1e-5 },
  ...{ num_semantic_quantizers: 1, hidden_act: "gelu", attention_bias: false, rope_theta: 10000 },
} as const;

/** A config.json of that model type is Mimi's. */
export const isMimi = (json: unknown): boolean => (json as { model_type?: unknown } | null)?.model_type === "mimi";

/**
 * A checked configuration out of such a config.json; versions of its library add fields of their own, which are passed over. `where`
 * names the file in messages.
 *
 * @throws ArgumentError for a field that is wrong, or of a codec of another kind.
 */
export function parseMimiConfig(json: unknown, where: string): MimiConfig {
  const of = fields(json, where);
  for (const [name, expected] of Object.entries(FIXED)) {
    of.value(name, `${expected}`, (value): value is unknown => value === undefined || value === expected);
  }
  const rope = of.take("rope_parameters");
  if (rope !== undefined) {
    const turns = fields(rope, `${where}.rope_parameters`);
    turns.value("rope_theta", "10000", (value): value is unknown => value === 10000);
    turns.word("rope_type", ["default"]);
  }
  const size = (name: keyof typeof PUBLISHED): number =>
    of.value(name, "an integer from 1 to 65536", (value): value is number | undefined => {
      return value === undefined || isIntegerIn(1, 65536)(value);
    }) ?? PUBLISHED[name];
  const ratios = of.value(
    "upsampling_ratios",
    "a list of one to eight integers from 1 to 64",
    (value): value is number[] | undefined => {
      if (value === undefined) return true;
      return Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64));
    },
  ) ?? [8, 6, 5, 4];
  const width = size("hidden_size");
  const [sampleRate, heads, codeSize] = [size("sampling_rate"), size("num_attention_heads"), size("codebook_dim")];
  const hop = ratios.reduce((product, ratio) => product * ratio, 1);
  const rate = of.take("frame_rate") ?? of.take("_frame_rate") ?? sampleRate / hop / RESAMPLING;
  if (!isNumberIn(0, 1e6)(rate) || Math.ceil(sampleRate / hop) !== RESAMPLING * (rate as number))
    throw new ArgumentError(`${where}.frame_rate`, `${sampleRate / hop / RESAMPLING}, by the ratios`, rate);
  const equal = { upsample_groups: width, num_key_value_heads: heads, head_dim: width / heads };
  const inner = { vector_quantization_hidden_dimension: codeSize };
  for (const [name, expected] of Object.entries({ ...equal, ...inner })) {
    of.value(
      name,
      `${expected}`,
      (value): value is unknown => value === undefined || value === null || value === expected,
    );
  }
  return {
    codec: {
      ...{ sampleRate, width, heads, ratios, latent: width, encoded: width, filters: size("num_filters") },
      ...{ layers: size("num_hidden_layers"), hidden: size("intermediate_size"), window: size("sliding_window") },
      ...{ resampling: RESAMPLING, pairs: "halves" },
    },
    quantizer: { channels: width, codeSize, rows: size("codebook_size"), books: size("num_quantizers") },
  };
}

/** Places of the transformers for each frame. */
const RESAMPLING = 2;
