/**
 * Checkpoints of the decoder-only transformer: one row each. A row holds what the papers and the files state and what a
 * config.json of our own holds; what follows from it is computed by derive().
 *
 * Source of the rows: LlamaGen (arXiv 2406.06525 §3, table 1) and the sizes of its published files.
 */
import { ArgumentError, UnknownNameError } from "../base/errors.js";
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
  const count = (name: string, most = 2 ** 24) => of.number(name, "a whole number from 1", (n) => n >= 1 && n <= most);
  const config: TransformerConfig = {
    layers: count("layers", 1000),
    heads: count("heads", 1000),
    width: count("width", 2 ** 17),
    hidden: count("hidden", 2 ** 20),
    vocabulary: count("vocabulary"),
    grid: count("grid", 1024),
    condition: parseCondition(of.take("condition"), `${where}.condition`),
    conditionRotation: of.word("conditionRotation", ["zero", "identity"]),
    ropeBase: of.number("ropeBase", "a number above 1", (n) => n > 1, "any"),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", (n) => n >= 0 && n <= 0.1, "any"),
  };
  of.finish();
  if (config.width % (4 * config.heads) !== 0)
    throw new ArgumentError(`${where}.width`, `a multiple of 4·heads = ${4 * config.heads}`, config.width);
  return config;
}

function parseCondition(json: unknown, where: string): ConditionConfig {
  const of = fields(json, where);
  const count = (name: string) => of.number(name, "a whole number from 1", (n) => n >= 1 && n <= 2 ** 24);
  const kind = of.word("kind", ["class", "features", "caption"]);
  const condition = ((): ConditionConfig => {
    switch (kind) {
      case "class":
        return { kind, classes: count("classes") };
      case "features":
        return { kind, slots: count("slots"), size: count("size") };
      case "caption": {
        const vocabulary = count("vocabulary");
        const pad = of.number("pad", `an id below ${vocabulary}`, (n) => n >= 0 && n < vocabulary);
        const slots = of.number(
          "slots",
          "a whole number from 2 (the style and a token)",
          (n) => n >= 2 && n <= 2 ** 16,
        );
        return { kind, slots, styles: count("styles"), vocabulary, pad };
      }
    }
  })();
  of.finish();
  return condition;
}

/** Reads an untrusted object field by field; finish() refuses what was not asked for. */
function fields(json: unknown, where: string) {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new ArgumentError(where, "an object", json);
  const taken = new Set<string>();
  const take = (name: string): unknown => {
    taken.add(name);
    return Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined;
  };
  return {
    take,
    number(name: string, expected: string, ok: (n: number) => boolean, kind: "whole" | "any" = "whole"): number {
      const value = take(name);
      const right = typeof value === "number" && (kind === "any" || Number.isSafeInteger(value)) && ok(value);
      if (!right) throw new ArgumentError(`${where}.${name}`, expected, value);
      return value;
    },
    word<W extends string>(name: string, words: readonly W[]): W {
      const value = take(name);
      const word = words.find((each) => each === value);
      if (word === undefined) throw new ArgumentError(`${where}.${name}`, `one of ${words.join(", ")}`, value);
      return word;
    },
    finish(): void {
      for (const name of Object.keys(json))
        if (!taken.has(name)) throw new ArgumentError(`${where}.${name}`, `one of ${[...taken].join(", ")}`, name);
    },
  };
}
