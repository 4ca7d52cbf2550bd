/** What the config.json of an image model says, checked field by field before any of it is used. */
import { isSha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type Fields, fields } from "../base/fields.js";
import { type CaptionEncoderConfig, parseCaptionEncoderConfig } from "../core/caption-encoder.js";
import type { ConditionConfig } from "../core/condition.js";
import { type DecodingName, ordersOf } from "../core/orders.js";
import { parsePictureEncoderConfig, type PictureEncoderConfig } from "../core/picture-encoder.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import { parseUpscalerConfig, type UpscalerConfig } from "../tokenizers/image/upscaler.js";
import type { Dialogue } from "./janus-dialogue.js";
import {
  fileName,
  type ImageNetworkConfig,
  objectiveOf,
  parseNetworks,
  sideOf,
  type Weighted,
} from "./network-config.js";

/** What a model does where the caller says nothing. */
export interface ImageDefaults extends TokenSampling {
  /** One of the model's styles, or "none". */
  readonly style: string;
}

/** The text tokenizer, the words of the captions of training, where they are known, and the caption encoder where the transformers were trained with one. */
export interface CaptionReader {
  readonly file: string;
  /** A JSON file: an array of words in lower case; or { words, meanings }, where meanings[thing] are strange nouns that mean a known thing. */
  readonly words: string | null;
  readonly encoder: Weighted<CaptionEncoderConfig> | null;
  /** The conversation that a prompt stands in; null for transformers that take captions as they are. */
  readonly dialogue: Dialogue | null;
  /** What tells how well a picture fits a caption; null where nothing does. Needs the caption encoder. */
  readonly pictures: Weighted<PictureEncoderConfig> | null;
}

export interface ImageModelConfig {
  readonly name: string;
  readonly revision: string;
  readonly kind: "image";
  readonly licence: string;
  /** One for each order that the model was trained for. All take the same subjects and make pictures of one size. */
  readonly networks: readonly ImageNetworkConfig[];
  /** What reads the captions of a model that takes them; null for one that does not. */
  readonly captions: CaptionReader | null;
  /** What draws pictures larger than the networks do; null: they are resampled. */
  readonly upscaler: Weighted<UpscalerConfig> | null;
  /** Names of the rows of the style table, in order. */
  readonly styles: readonly string[];
  readonly defaults: { readonly style: string; readonly decoding: DecodingName };
  /** Of every file named above, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** The word by which a caller asks for no style; no style may be called so. */
export const NO_STYLE = "none";

/**
 * A checked configuration out of parsed JSON. `where` names the file in messages.
 *
 * @throws ArgumentError for a field that is missing, wrong, unknown, or at odds with another.
 */
export function parseImageModelConfig(json: unknown, where: string): ImageModelConfig {
  const of = fields(json, where);
  const name = of.text("name");
  const revision = of.text("revision");
  const kind = of.word("kind", ["image"]);
  const licence = of.text("licence");
  const networks = parseNetworks(of, where);
  checkAlike(networks, where);
  const { condition } = networks[0]!.transformer.config;
  const captions = parseCaptions(of, condition, where);
  const upscaler = parseWeighted(of, "upscaler", parseUpscalerConfig);
  const styles = parseStyles(of, condition, where);
  const defaults = parseDefaults(of.object("defaults"), styles, networks);
  const files = networks.flatMap(({ transformer, tokenizer }) => [tokenizer.weights, transformer.weights]);
  const sha256 = parseDigests(of.object("sha256"), [
    ...new Set([
      ...[...files, ...captionFiles(captions), ...(captions?.words ? [captions.words] : [])],
      ...[captions?.pictures, upscaler].flatMap((part) => (part ? [part.weights] : [])),
    ]),
  ]);
  of.finish();
  return { name, revision, kind, licence, networks, captions, upscaler, styles, defaults, sha256 };
}

/** The files that captions are read by; the words decide about warnings alone, and about no picture. */
export const captionFiles = (captions: CaptionReader | null): readonly string[] =>
  captions === null ? [] : [captions.file, ...(captions.encoder ? [captions.encoder.weights] : [])];

/** The networks of a model differ in how they draw, not in what they are asked for. */
function checkAlike(networks: readonly ImageNetworkConfig[], where: string): void {
  const [first, ...others] = networks;
  for (const other of others) {
    const place = `${where}.transformers.${ordersOf(objectiveOf(other))[0]}`;
    const side = sideOf(first!);
    if (sideOf(other) !== side)
      throw new ArgumentError(
        place,
        `pictures of ${side} pixels per side, like the first`,
        described(`pictures of ${sideOf(other)}`),
      );
    const subjects = subjectsOf(first!.transformer.config.condition);
    const asked = subjectsOf(other.transformer.config.condition);
    if (asked !== subjects)
      throw new ArgumentError(`${place}.config.condition`, `${subjects}, like the first`, described(asked));
  }
}

/** What a condition can be asked for, in words; how many slots it has for that is its own affair. */
function subjectsOf(condition: ConditionConfig): string {
  switch (condition.kind) {
    case "class":
      return `${condition.classes} classes`;
    case "features":
      return `features of ${condition.size}`;
    case "caption":
      return `${condition.styles} styles and captions of ${condition.vocabulary} tokens${condition.vectors === undefined ? "" : ` in vectors of ${condition.vectors}`}`;
    case "prompt":
      return "prompts";
  }
}

function parseCaptions(of: Fields, condition: ConditionConfig, where: string): CaptionReader | null {
  if (condition.kind !== "caption") return of.value("captions", "null, as the model reads no captions", isNull);
  const captions = of.object("captions");
  const file = fileName(captions, "file");
  const words = captions.take("words") === undefined ? null : fileName(captions, "words");
  const inside = `${where}.captions`;
  const encoder = parseWeighted(captions, "encoder", (of) => parseCaptionEncoderConfig(of, `${inside}.encoder.config`));
  const pictures = parseWeighted(captions, "pictures", (of) =>
    parsePictureEncoderConfig(of, `${inside}.pictures.config`),
  );
  captions.finish();
  const { vectors } = condition;
  if (vectors !== encoder?.config.width)
    throw new ArgumentError(
      `${where}.captions.encoder`,
      vectors === undefined ? "no encoder, as the transformers take tokens" : `an encoder of vectors of ${vectors}`,
      described(encoder ? `one of vectors of ${encoder.config.width}` : "none"),
    );
  if (pictures && pictures.config.captionWidth !== encoder?.config.width)
    throw new ArgumentError(
      `${inside}.pictures.config.captionWidth`,
      encoder
        ? `the width of the caption encoder, ${encoder.config.width}`
        : "no picture encoder, as there is none of captions",
      pictures.config.captionWidth,
    );
  return { file, words, encoder, dialogue: null, pictures };
}

/** A part that a model may lack: null where the field is absent. */
function parseWeighted<Config>(of: Fields, name: string, parse: (of: Fields) => Config): Weighted<Config> | null {
  if (of.take(name) === undefined) return null;
  const part = of.object(name);
  const weights = fileName(part, "weights");
  const config = parse(part.object("config"));
  part.finish();
  return { weights, config };
}

function parseStyles(of: Fields, condition: ConditionConfig, where: string): readonly string[] {
  const rows = condition.kind === "caption" ? condition.styles : 0;
  const right = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((style) => typeof style === "string" && /^[a-z0-9][a-z0-9-]*$/.test(style));
  const styles = of.value("styles", `${rows} names of lower-case letters, digits and hyphens`, right);
  const distinct = new Set([...styles, NO_STYLE]).size === styles.length + 1;
  if (styles.length !== rows || !distinct) {
    throw new ArgumentError(
      `${where}.styles`,
      `${rows} different names, none of them "${NO_STYLE}"`,
      described(styles.length === 0 ? "none" : `the names ${styles.join(", ")}`),
    );
  }
  return styles;
}

function parseDefaults(
  of: Fields,
  styles: readonly string[],
  networks: readonly ImageNetworkConfig[],
): ImageModelConfig["defaults"] {
  const defaults = {
    style: of.word("style", [...styles, NO_STYLE]),
    decoding: of.word(
      "decoding",
      networks.flatMap((network) => ordersOf(objectiveOf(network))),
    ),
  };
  of.finish();
  return defaults;
}

function parseDigests(of: Fields, files: readonly string[]): Readonly<Record<string, string>> {
  const digests = files.map((file) => [file, of.value(file, "64 hexadecimal digits", isSha256)] as const);
  of.finish();
  return Object.fromEntries(digests);
}

const isNull = (value: unknown): value is null => value === null;
