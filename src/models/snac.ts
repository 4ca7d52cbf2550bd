/** SNAC as its authors publish it: a folder of config.json and pytorch_model.bin. */
import { isIntegerIn } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import { HEAD, type SnacConfig } from "../tokenizers/speech/codecs/snac.js";

/**
 * A checked configuration out of the JSON of hubertsiuzdak/snac_24khz and others of its form. `where` names the file in messages.
 *
 * @throws ArgumentError for a field that is missing, wrong or unknown.
 */
export function parseSnacConfig(json: unknown, where: string): SnacConfig {
  const of = fields(json, where);
  const config: SnacConfig = {
    sampleRate: of.number("sampling_rate", "an integer from 8000 to 48000", isIntegerIn(8000, 48000)),
    encoderWidth: count(of, "encoder_dim", 4096),
    decoderWidth: count(of, "decoder_dim", 2 ** 14),
    rates: counts(of, "encoder_rates"),
    codebook: count(of, "codebook_size", 2 ** 20),
    codeSize: count(of, "codebook_dim", 4096),
    strides: counts(of, "vq_strides"),
    window: of.value("attn_window_size", "an integer from 1 to 4096, or null", (value): value is number | null => {
      return value === null || isIntegerIn(1, 4096)(value);
    }),
  };
  const only = <T>(name: string, expected: T) =>
    of.value(name, String(expected), (value): value is T => value === expected);
  only("noise", true);
  only("depthwise", true);
  const up = counts(of, "decoder_rates");
  const latent = of.take("latent_dim") ?? null;
  of.finish();
  if (up.join() !== config.rates.toReversed().join())
    throw new ArgumentError(`${where}.decoder_rates`, "encoder_rates the other way round", up);
  const width = config.encoderWidth * 2 ** config.rates.length;
  if (latent !== null && latent !== width)
    throw new ArgumentError(`${where}.latent_dim`, `null or ${width}, as encoder_dim and encoder_rates say`, latent);
  for (const [name, channels] of [
    ["encoder_dim", width],
    ["decoder_dim", config.decoderWidth],
  ] as const) {
    if (config.window !== null && channels % HEAD !== 0)
      throw new ArgumentError(`${where}.${name}`, `whole heads of ${HEAD} channels for the attention`, channels);
  }
  if (config.strides.some((stride) => config.strides[0]! % stride !== 0))
    throw new ArgumentError(`${where}.vq_strides`, "strides that divide the first one", config.strides);
  return config;
}

const count = (of: Fields, name: string, most: number): number =>
  of.number(name, `an integer from 1 to ${most}`, isIntegerIn(1, most));

const counts = (of: Fields, name: string): readonly number[] =>
  of.value(name, "a list of one to eight integers from 1 to 64", (value): value is number[] => {
    return Array.isArray(value) && value.length >= 1 && value.length <= 8 && value.every(isIntegerIn(1, 64));
  });
