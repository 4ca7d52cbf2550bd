/**
 * Checkpoints of the decoder-only transformer: one row each. A row holds what the papers and the files state and what a
 * config.json of our own holds; what follows from it is computed by derive().
 *
 * Sources of the rows: LlamaGen (arXiv 2406.06525 §3, table 1), NAR (arXiv 2503.10696 §4, tables 1 and 4), PAR
 * (arXiv 2412.15119 §4, table 1), and the sizes of their published files.
 */
import { check, isNumberIn } from "../../base/check.js";
import { UnknownNameError } from "../../base/errors.js";
import { type Fields, fields } from "../../base/fields.js";
import { count, parseCondition, type VectorCondition } from "../condition.js";
import { rasterLayout } from "../decode/layout.js";
import type { TokenObjective } from "../orders.js";
import type { ConditionRotation } from "../rotary.js";

/** Which token predicts which. It is what a model was trained for, and decides in which orders it can be decoded. */
export type PredictionConfig =
  /** Each token predicts the next one in raster order (LlamaGen). */
  | { readonly kind: "next-token" }
  /** Each token predicts its neighbours to the right and below, by a head each (NAR §3.2). */
  | { readonly kind: "next-neighbor" }
  /** The same in a video of frames × rows × grid tokens: to the right, below, and in the next frame (NAR §3.3). */
  | { readonly kind: "next-neighbor-video"; readonly frames: number; readonly rows: number }
  /** The grid is cut into `regions`, a square number of squares; each token predicts the next one of its region (PAR §3). */
  | { readonly kind: "regions"; readonly regions: number };

/** How a token learns its place: by rotation on the grid, or from a learned vector for each slot that is added to it. */
export type PositionConfig =
  | { readonly positionEncoding: "rotary"; readonly conditionRotation: ConditionRotation; readonly ropeBase: number }
  | { readonly positionEncoding: "learned" };

export type TransformerConfig = PositionConfig & {
  /** Blocks below the first head; every further head has one more block of its own (see prediction.ts). */
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly vocabulary: number;
  /** Tokens in a row of the grid; a picture has as many rows. */
  readonly grid: number;
  readonly condition: VectorCondition;
  readonly prediction: PredictionConfig;
  readonly normEpsilon: number;
};

/** LlamaGen's width of the SwiGLU network: two thirds of 4·width, times a multiplier, rounded up to a multiple. */
export function swigluHidden(width: number, multipleOf: number, multiplier = 1): number {
  const twoThirds = Math.trunc(Math.trunc((2 * 4 * width) / 3) * multiplier);
  return multipleOf * Math.ceil(twoThirds / multipleOf);
}

const IMAGENET = { kind: "class", classes: 1000 } as const;
const FLAN_T5_XL = { kind: "features", slots: 120, size: 2048 } as const;

const UCF101 = { kind: "class", classes: 101 } as const;

const llamagen = (layers: number, heads: number, width: number, grid: number, condition: VectorCondition = IMAGENET) =>
  ({
    layers,
    heads,
    width,
    hidden: swigluHidden(width, 256),
    vocabulary: 16_384,
    grid,
    condition,
    prediction: { kind: "next-token" },
    positionEncoding: "rotary",
    conditionRotation: "zero",
    ropeBase: 10_000,
    normEpsilon: 1e-5,
  }) as const satisfies TransformerConfig;

const nar = (...size: Parameters<typeof llamagen>) =>
  ({ ...llamagen(...size), prediction: { kind: "next-neighbor" } }) as const satisfies TransformerConfig;

const par = (regions: number, ...size: Parameters<typeof llamagen>) =>
  ({ ...llamagen(...size), prediction: { kind: "regions", regions } }) as const satisfies TransformerConfig;

/** Four latent frames of 16 × 16 tokens: 16 frames of 128 × 128 pixels. */
const narVideo = (layers: number, heads: number, width: number) =>
  ({
    layers,
    heads,
    width,
    hidden: swigluHidden(width, 256),
    vocabulary: 8192,
    grid: 16,
    condition: UCF101,
    prediction: { kind: "next-neighbor-video", frames: 4, rows: 16 },
    positionEncoding: "learned",
    normEpsilon: 1e-5,
  }) as const satisfies TransformerConfig;

/** One row per checkpoint, named like its file. 1b and 7b exist only as rows of the authors' code. */
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

  "nar-c2i-b-256": nar(12, 12, 768, 16),
  "nar-c2i-m-256": nar(18, 16, 1024, 16),
  "nar-c2i-l-256": nar(24, 16, 1024, 16),
  "nar-c2i-xl-256": nar(36, 20, 1280, 16),
  "nar-c2i-xxl-256": nar(48, 24, 1536, 16),
  "nar-t2i-xl-256": nar(36, 20, 1280, 16, FLAN_T5_XL),
  "nar-t2i-xl-512": nar(36, 20, 1280, 32, FLAN_T5_XL),
  "nar-ucf101-l-128": narVideo(24, 16, 1024),
  "nar-ucf101-lp-128": narVideo(30, 20, 1280),
  "nar-ucf101-xl-128": narVideo(36, 20, 1280),

  "par-c2i-xl-4x-384": par(4, 36, 20, 1280, 24),
  "par-c2i-xxl-4x-384": par(4, 48, 24, 1536, 24),
  "par-c2i-3b-4x-384": par(4, 24, 32, 3200, 24),
  "par-c2i-3b-16x-384": par(16, 24, 32, 3200, 24),
} as const satisfies Record<string, TransformerConfig>;

export type TransformerName = keyof typeof TRANSFORMERS;

/** The row of that name, or an UnknownNameError that lists the names. */
export function transformerConfig(name: string): TransformerConfig {
  if (!Object.hasOwn(TRANSFORMERS, name)) throw new UnknownNameError("transformer", name, Object.keys(TRANSFORMERS));
  return TRANSFORMERS[name as TransformerName];
}

/**
 * What follows from a row: the size of an attention head; condition slots; the extents of the grid, [rows, columns] or
 * [frames, rows, columns]; positions, which are its cells in raster order; special slots, whose learned vectors stand for
 * tokens that are not there yet (PAR §3.2); and the slots of a whole sequence.
 */
export function derive({ width, heads, grid, condition, prediction }: TransformerConfig) {
  const conditionSlots = condition.kind === "class" ? 1 : condition.slots;
  const extents = prediction.kind === "next-neighbor-video" ? [prediction.frames, prediction.rows, grid] : [grid, grid];
  const positions = extents.reduce((a, b) => a * b, 1);
  const specialSlots = prediction.kind === "regions" ? prediction.regions - 1 : 0;
  const slots = conditionSlots + specialSlots + positions;
  return { headSize: width / heads, conditionSlots, extents, positions, specialSlots, slots };
}

/** What a model of that configuration was trained to predict. */
export function objectiveOf(config: TransformerConfig): TokenObjective {
  const { grid, vocabulary, prediction } = config;
  const { extents, positions } = derive(config);
  switch (prediction.kind) {
    case "next-token":
      return { kind: "next-token", positions, layout: rasterLayout(grid, vocabulary) };
    case "next-neighbor":
    case "next-neighbor-video":
      return { kind: "next-neighbor", extents };
    case "regions":
      return { kind: "regions", side: grid, regions: prediction.regions };
  }
}

/**
 * A row from the parsed JSON of a config.json, whose names are those of TransformerConfig. `prediction` and
 * `positionEncoding` may be omitted for models that follow LlamaGen: "next-token" and "rotary". Anything else missing,
 * unknown, out of range or contradictory is an ArgumentError that names the place.
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
    prediction: of.take("prediction") === undefined ? { kind: "next-token" } : parsePrediction(of.object("prediction")),
    ...parsePosition(of),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", isNumberIn(0, 0.1)),
  };
  of.finish();
  const { width, heads, grid, prediction, positionEncoding } = config;
  check(`${where}.width`, `a multiple of 4·heads = ${4 * heads}`, width, (size) => size % (4 * heads) === 0);
  if (prediction.kind === "regions") {
    const fits = `a square number of regions that cut ${grid} × ${grid} tokens evenly`;
    check(`${where}.prediction.regions`, fits, prediction.regions, (n) => n > 1 && grid % Math.sqrt(n) === 0);
  }
  if (prediction.kind === "next-neighbor-video")
    check(
      `${where}.positionEncoding`,
      '"learned", as rotation knows two axes',
      positionEncoding,
      (e) => e === "learned",
    );
  return config;
}

function parsePrediction(of: Fields): PredictionConfig {
  const prediction = ((): PredictionConfig => {
    const kind = of.word("kind", ["next-token", "next-neighbor", "next-neighbor-video", "regions"]);
    if (kind === "next-neighbor-video")
      return { kind, frames: count(of, "frames", 1024), rows: count(of, "rows", 1024) };
    return kind === "regions" ? { kind, regions: count(of, "regions", 1024) } : { kind };
  })();
  of.finish();
  return prediction;
}

function parsePosition(of: Fields): PositionConfig {
  const given = of.take("positionEncoding") !== undefined;
  const positionEncoding = given ? of.word("positionEncoding", ["rotary", "learned"]) : "rotary";
  if (positionEncoding === "learned") return { positionEncoding };
  return {
    positionEncoding,
    conditionRotation: of.word("conditionRotation", ["zero", "identity"]),
    ropeBase: of.number("ropeBase", "a number from 1 to 1e12", isNumberIn(1, 1e12)),
  };
}
