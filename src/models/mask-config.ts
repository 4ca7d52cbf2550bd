/** What the config.json of a mask model says, checked field by field before any of it is used. */
import { isSha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { fields } from "../base/fields.js";
import { parseSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import { parseSegmenterConfig, type SegmenterConfig } from "../core/segmenter/config.js";
import { type Precision, PRECISIONS } from "../engine/engine.js";
import { deriveFramed, type FramedConfig, parseFramedConfig } from "../tokenizers/mask/framed-config.js";
import { fileName, type Weighted } from "./network-config.js";

export interface MaskModelConfig {
  readonly name: string;
  readonly revision: string;
  readonly kind: "mask";
  readonly licence: string;
  readonly tokenizer: Weighted<FramedConfig>;
  readonly segmenter: Weighted<SegmenterConfig>;
  /** How the weights of the segmenter are held where the caller says nothing. */
  readonly precision: Precision;
  readonly sampling: TokenSampling;
  /** The tokenizer.json of prompts. */
  readonly words: string;
  /** Of every file named above, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/**
 * A checked configuration out of parsed JSON. `where` names the file.
 *
 * @throws ArgumentError for a field that is missing, wrong or unknown, or a segmenter that says other tokens than the tokenizer has.
 */
export function parseMaskModelConfig(json: unknown, where: string): MaskModelConfig {
  const of = fields(json, where);
  const name = of.text("name");
  const revision = of.text("revision");
  const kind = of.word("kind", ["mask"]);
  const licence = of.text("licence");
  const network = <Config>(field: string, parse: (json: unknown, where: string) => Config): Weighted<Config> => {
    const row = of.object(field);
    const weights = fileName(row, "weights");
    const config = parse(row.take("config"), `${where}.${field}.config`);
    row.finish();
    return { weights, config };
  };
  const tokenizer = network("tokenizer", parseFramedConfig);
  const segmenter = network("segmenter", parseSegmenterConfig);
  const precision = of.word("precision", PRECISIONS);
  const sampling = parseSampling(of.object("sampling"), TOKEN_SAMPLING);
  const words = fileName(of, "words");
  const digests = of.object("sha256");
  const sha256 = Object.fromEntries(
    [tokenizer.weights, segmenter.weights, words].map((file) => [
      file,
      digests.value(file, "64 hexadecimal digits", isSha256),
    ]),
  );
  digests.finish();
  of.finish();
  const { vocabulary, positions } = segmenter.config;
  const { vocab, tokens } = deriveFramed(tokenizer.config);
  for (const [field, is, should] of [
    ["vocabulary", vocabulary, vocab],
    ["positions", positions, tokens],
  ] as const)
    if (is !== should) throw new ArgumentError(`${where}.segmenter.config.${field}`, `the tokenizer's ${should}`, is);
  return { name, revision, kind, licence, tokenizer, segmenter, precision, sampling, words, sha256 };
}
