/**
 * Checkpoints of the decoder-only transformer: one row each. A row holds what the papers and the files state and what a
 * config.json of our own holds; what follows from it is computed by derive().
 *
 * Source of the rows: LlamaGen (arXiv 2406.06525 §3, table 1) and the sizes of its published files.
 */
import { check, isIntegerIn, isNumberIn } from "../base/check.js";
import { UnknownNameError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import type { ConditionRotation } from "./rotary.js";

/** What a model is conditioned on. Its slots stand before the image tokens. */
export type ConditionConfig =
  /** One slot: a row of a table of classes, whose last extra row means "none". */
  | { readonly kind: "class"; readonly classes: number }
  /** Features of a text encoder, `slots` vectors of `size` numbers, through a two-layer MLP. */
  | { readonly kind: "features"; readonly slots: number; readonly size: number }
  /** A style (the row after the last means "none"), then caption tokens, padded on the right with the learned `pad`. */
  | {
      readonly kind: "caption";
      readonly slots: number;
      readonly styles: number;
      readonly vocabulary: number;
      readonly pad: number;
    };

export interface TransformerConfig {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly vocabulary: number;
  /** Tokens on one side of the square grid. */
  readonly grid: number;
  readonly condition: ConditionConfig;
  readonly conditionRotation: ConditionRotation;
  readonly ropeBase: number;
  readonly normEpsilon: number;
}

/** LlamaGen's width of the SwiGLU network: two thirds of 4·width, times a multiplier, rounded up to a multiple. */
export function swigluHidden(width: number, multipleOf: number, multiplier = 1): number {
  const twoThirds = Math.trunc(Math.trunc((2 * 4 * width) / 3) * multiplier);
  return multipleOf * Math.ceil(twoThirds / multipleOf);
}

const IMAGENET = { kind: "class", classes: 1000 } as const;
const FLAN_T5_XL = { kind: "features", slots: 120, size: 2048 } as const;

const llamagen = (layers: number, heads: number, width: number, grid: number, condition: ConditionConfig = IMAGENET) =>
  ({
    layers,
    heads,
    width,
    hidden: swigluHidden(width, 256),
    vocabulary: 16_384,
    grid,
    condition,
    conditionRotation: "zero",
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  }) as const satisfies TransformerConfig;

/** One row a checkpoint, named like its file. 1b and 7b exist only as rows of the authors' code. */
export const TRANSFORMERS = {
  //                          layers heads width grid
  "llamagen-c2i-b-256": llamagen(12, 12, 768, 16),
  "llamagen-c2i-b-384": llamagen(12, 12, 768, 24),
  "llamagen-c2i-l-256": llamagen(24, 16, 1024, 16),
  "llamagen-c2i-l-384": llamagen(24, 16, 1024, 24),
  "llamagen-c2i-xl-384": llamagen(36, 20, 1280, 24),
  "llamagen-c2i-xxl-384": llamagen(48, 24, 1536, 24),
  "llamagen-c2i-3b-384": llamagen(24, 32, 3200, 24),
  "llamagen-c2i-1b-384": llamagen(22, 32, 2048, 24),
  "llamagen-c2i-7b-384": llamagen(32, 32, 4096, 24),
  "llamagen-t2i-xl-256": llamagen(36, 20, 1280, 16, FLAN_T5_XL),
  "llamagen-t2i-xl-512": llamagen(36, 20, 1280, 32, FLAN_T5_XL),
} as const satisfies Record<string, TransformerConfig>;

export type TransformerName = keyof typeof TRANSFORMERS;

/** The row of that name, or an UnknownNameError that lists the names. */
export function transformerConfig(name: string): TransformerConfig {
  if (!Object.hasOwn(TRANSFORMERS, name)) throw new UnknownNameError("transformer", name, Object.keys(TRANSFORMERS));
  return TRANSFORMERS[name as TransformerName];
}

/** What follows from a row: head size, condition slots, image positions, and the slots of a whole sequence. */
export function derive(config: TransformerConfig) {
  const conditionSlots = config.condition.kind === "class" ? 1 : config.condition.slots;
  const positions = config.grid ** 2;
  return { headSize: config.width / config.heads, conditionSlots, positions, slots: conditionSlots + positions };
}

/**
 * A row from the parsed JSON of a config.json, whose names are those of TransformerConfig. Anything missing, unknown, out of
 * range or contradictory is an ArgumentError that names the place.
 */
export function parseTransformerConfig(json: unknown, where = "config"): TransformerConfig {
  const of = fields(json, where);
  const config: TransformerConfig = {
    layers: count(of, "layers", 1000),
    heads: count(of, "heads", 1000),
    width: count(of, "width", 2 ** 17),
    hidden: count(of, "hidden", 2 ** 20),
    vocabulary: count(of, "vocabulary"),
    grid: count(of, "grid", 1024),
    condition: parseCondition(of.object("condition")),
    conditionRotation: of.word("conditionRotation", ["zero", "identity"]),
    ropeBase: of.number("ropeBase", "a number from 1 to 1e12", isNumberIn(1, 1e12)),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", isNumberIn(0, 0.1)),
  };
  of.finish();
  const { width, heads } = config;
  check(`${where}.width`, `a multiple of 4·heads = ${4 * heads}`, width, (size) => size % (4 * heads) === 0);
  return config;
}

/** A condition out of its fields in a config.json. */
export function parseCondition(of: Fields): ConditionConfig {
  const condition = ((): ConditionConfig => {
    const kind = of.word("kind", ["class", "features", "caption"]);
    switch (kind) {
      case "class":
        return { kind, classes: count(of, "classes") };
      case "features":
        return { kind, slots: count(of, "slots", 2 ** 16), size: count(of, "size") };
      case "caption": {
        const slots = of.number("slots", "from 2 (a style and a token) to 65,536", isIntegerIn(2, 2 ** 16));
        const vocabulary = count(of, "vocabulary");
        const pad = of.number("pad", `an id below ${vocabulary}`, isIntegerIn(0, vocabulary - 1));
        return { kind, slots, styles: count(of, "styles"), vocabulary, pad };
      }
    }
  })();
  of.finish();
  return condition;
}

/** A whole number of at least 1. */
export const count = (of: Fields, name: string, most = 2 ** 24): number =>
  of.number(name, `a whole number from 1 to ${most}`, isIntegerIn(1, most));
