/** What the config.json of an image model says, checked field by field before any of it is used. */
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { isSha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import { parseTransformerConfig, type TransformerConfig } from "../core/configs.js";
import type { Precision } from "../engine/engine.js";
import { parseVqConfig, type VqConfig } from "../tokenizers/image/vq-config.js";

/** How a model is sampled where the caller says nothing. */
export interface ImageDefaults {
  /** One of the model's styles, or "none". */
  readonly style: string;
  readonly guidance: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/** Weights are named by the file that holds them, relative to the folder of the model. */
export interface ImageModelConfig {
  readonly name: string;
  readonly revision: string;
  readonly kind: "image";
  readonly licence: string;
  readonly tokenizer: { readonly layout: "llamagen-vq"; readonly weights: string; readonly config: VqConfig };
  readonly transformer: { readonly layout: "llamagen"; readonly weights: string; readonly config: TransformerConfig };
  /** The text tokenizer of a model that reads captions; null for one that does not. */
  readonly captions: { readonly file: string } | null;
  /** Names of the rows of the style table, in order. */
  readonly styles: readonly string[];
  /** How the weights of the transformer are held where the caller says nothing. */
  readonly precision: Precision;
  readonly defaults: ImageDefaults;
  /** Of every file named above, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

export const PRECISIONS = ["f32", "f16", "q8", "q4"] as const satisfies readonly Precision[];

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

  const vq = of.object("tokenizer");
  const tokenizer = {
    layout: vq.word("layout", ["llamagen-vq"]),
    weights: fileName(vq, "weights"),
    config: parseVqConfig(`${where}.tokenizer.config`, vq.take("config")),
  };
  vq.finish();

  const model = of.object("transformer");
  const transformer = {
    layout: model.word("layout", ["llamagen"]),
    weights: fileName(model, "weights"),
    config: parseTransformerConfig(model.take("config"), `${where}.transformer.config`),
  };
  model.finish();

  const captions = parseCaptions(of, transformer.config);
  const styles = parseStyles(of, transformer.config, where);
  const precision = of.word("precision", PRECISIONS);
  const defaults = parseDefaults(of.object("defaults"), styles);
  const files = [tokenizer.weights, transformer.weights, ...(captions ? [captions.file] : [])];
  const sha256 = parseDigests(of.object("sha256"), files);
  of.finish();

  if (tokenizer.config.vocab !== transformer.config.vocabulary) {
    const expected = `the tokenizer's ${tokenizer.config.vocab} codes`;
    throw new ArgumentError(`${where}.transformer.config.vocabulary`, expected, transformer.config.vocabulary);
  }
  return { name, revision, kind, licence, tokenizer, transformer, captions, styles, precision, defaults, sha256 };
}

function parseCaptions(of: Fields, { condition }: TransformerConfig): ImageModelConfig["captions"] {
  if (condition.kind !== "caption") return of.value("captions", "null, as the model reads no captions", isNull);
  const captions = of.object("captions");
  const file = fileName(captions, "file");
  captions.finish();
  return { file };
}

function parseStyles(of: Fields, { condition }: TransformerConfig, where: string): readonly string[] {
  const rows = condition.kind === "caption" ? condition.styles : 0;
  const right = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((style) => typeof style === "string" && /^[a-z0-9][a-z0-9-]*$/.test(style));
  const styles = of.value("styles", `${rows} names of lower-case letters, digits and hyphens`, right);
  const distinct = new Set([...styles, NO_STYLE]).size === styles.length + 1;
  if (styles.length !== rows || !distinct) {
    throw new ArgumentError(`${where}.styles`, `${rows} different names, none of them "${NO_STYLE}"`, styles.join());
  }
  return styles;
}

function parseDefaults(of: Fields, styles: readonly string[]): ImageDefaults {
  const defaults = {
    style: of.word("style", [...styles, NO_STYLE]),
    guidance: of.number("guidance", "a number from 1 to 100", isNumberIn(1, 100)),
    temperature: of.number("temperature", "a number from 0 to 100", isNumberIn(0, 100)),
    topK: of.number("topK", "a whole number, 0 to keep all", isIntegerIn(0, 2 ** 31 - 1)),
    topP: of.number("topP", "a number above 0 and up to 1", (p) => isNumberIn(0, 1)(p) && p !== 0),
    minP: of.number("minP", "a number from 0 to 1", isNumberIn(0, 1)),
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

/** A plain file name: a configuration may not reach outside of its folder. */
const fileName = (of: Fields, name: string): string =>
  of.value(name, "the name of a file in the same folder", (file): file is string => {
    return typeof file === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file);
  });
