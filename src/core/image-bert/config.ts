/** Sizes of TiTok's generator (arXiv 2406.07550 §4.1, its code): a BERT over a class and the tokens of a picture, any of them masked. */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { fields } from "../../base/fields.js";
import type { Objective } from "../orders.js";

export interface ImageBertConfig {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  /** Ids of tokens, 0 and up. The mask comes after them, then the classes, then "no class". */
  readonly vocabulary: number;
  readonly classes: number;
  /** Tokens of a picture. */
  readonly positions: number;
  readonly normEpsilon: number;
}

/** The published generators: generator_titok_{l32, b64}_imagenet. (That of S-128 is another network.) */
export const IMAGE_BERTS = {
  "titok-l-32": published(32),
  "titok-b-64": published(64),
} as const satisfies Record<string, ImageBertConfig>;

function published(positions: number): ImageBertConfig {
  const sizes = { layers: 24, heads: 16, width: 768, hidden: 3072 };
  return { ...sizes, vocabulary: 4096, classes: 1000, positions, normEpsilon: 1e-12 };
}

/** Ids of what is no token. */
export const maskId = ({ vocabulary }: ImageBertConfig): number => vocabulary;
export const classId = ({ vocabulary }: ImageBertConfig, of: number): number => vocabulary + 1 + of;
export const noClassId = (config: ImageBertConfig): number => classId(config, config.classes);

export const imageBertObjective = ({ positions }: ImageBertConfig): Extract<Objective, { kind: "masked" }> => ({
  kind: "masked",
  positions,
});

/** Reads a row of config.json. Throws ArgumentError naming the field. */
export function parseImageBertConfig(json: unknown, where = "image BERT"): ImageBertConfig {
  const of = fields(json, where);
  const count = (name: string, most: number) =>
    of.number(name, `a whole number from 1 to ${most}`, isIntegerIn(1, most));
  const config: ImageBertConfig = {
    layers: count("layers", 1000),
    heads: count("heads", 1000),
    width: count("width", 2 ** 17),
    hidden: count("hidden", 2 ** 20),
    vocabulary: count("vocabulary", 2 ** 20),
    classes: count("classes", 2 ** 20),
    positions: count("positions", 2 ** 16),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", isNumberIn(0, 0.1)),
  };
  of.finish();
  check(`${where}.width`, `a multiple of heads = ${config.heads}`, config.width, (C) => C % config.heads === 0);
  return config;
}
