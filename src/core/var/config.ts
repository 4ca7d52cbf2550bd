/**
 * Checkpoints of the next-scale transformer: one row each. Source of the rows: VAR (arXiv 2404.02905 §4 and table 1), whose sizes
 * all follow from the depth: width 64·depth, as many heads as layers.
 */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { ArgumentError, UnknownNameError } from "../../base/errors.js";
import { fields } from "../../base/fields.js";
import { count, parseCondition, type VectorCondition } from "../condition.js";
import { scaleStarts } from "../grid.js";
import type { Objective } from "../orders.js";

/** What a next-scale model is conditioned on: a class, or a style and a caption. */
export type ScaleCondition = Exclude<VectorCondition, { readonly kind: "features" }>;

export interface ScaleConfig {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly vocabulary: number;
  /** Numbers of a code: what the transformer is fed for each cell. */
  readonly codeDim: number;
  /** Cells of a side of each scale, from small to large. ("patch_nums") */
  readonly sides: readonly number[];
  readonly condition: ScaleCondition;
  /** Where the shifts and scales of AdaLN come from: one matrix per layer, or a shared matrix plus a per-layer offset. */
  readonly modulation: "own" | "shared";
  readonly normEpsilon: number;
}

/** What a model of that configuration was trained to predict. */
export const scaleObjective = ({ sides }: ScaleConfig): Extract<Objective, { readonly kind: "next-scale" }> => ({
  kind: "next-scale",
  sides,
});

const SIDES_256 = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16] as const;
const SIDES_512 = [1, 2, 3, 4, 6, 9, 13, 18, 24, 32] as const;

const published = (depth: number, sides: readonly number[], modulation: ScaleConfig["modulation"]) =>
  ({
    layers: depth,
    heads: depth,
    width: 64 * depth,
    hidden: 4 * 64 * depth,
    vocabulary: 4096,
    codeDim: 32,
    sides,
    condition: { kind: "class", classes: 1000 },
    modulation,
    normEpsilon: 1e-6,
  }) as const satisfies ScaleConfig;

/** One row per checkpoint: var_d16.pth and so on. d12 was in the first upload only. */
export const SCALE_TRANSFORMERS = {
  "var-d12": published(12, SIDES_256, "own"),
  "var-d16": published(16, SIDES_256, "own"),
  "var-d20": published(20, SIDES_256, "own"),
  "var-d24": published(24, SIDES_256, "own"),
  "var-d30": published(30, SIDES_256, "own"),
  "var-d36": published(36, SIDES_512, "shared"),
} as const satisfies Record<string, ScaleConfig>;

export type ScaleTransformerName = keyof typeof SCALE_TRANSFORMERS;

/** The row of that name, or an UnknownNameError that lists the names. */
export function scaleConfig(name: string): ScaleConfig {
  if (!Object.hasOwn(SCALE_TRANSFORMERS, name))
    throw new UnknownNameError("next-scale transformer", name, Object.keys(SCALE_TRANSFORMERS));
  return SCALE_TRANSFORMERS[name as ScaleTransformerName];
}

/** What follows from a row. `lead` are the slots of a caption, which stand before position 0; a class needs none. */
export function deriveScales(config: ScaleConfig) {
  const starts = scaleStarts(config.sides);
  const positions = starts.at(-1)!;
  const lead = config.condition.kind === "caption" ? config.condition.slots - 1 : 0;
  return { headSize: config.width / config.heads, starts, positions, lead, slots: lead + positions };
}

/**
 * A row from the parsed JSON of a config.json, whose names are those of ScaleConfig. Anything missing, unknown, out of range or
 * contradictory is an ArgumentError that names the place.
 */
export function parseScaleConfig(json: unknown, where = "config"): ScaleConfig {
  const of = fields(json, where);
  const condition = parseCondition(of.object("condition"));
  if (condition.kind === "features")
    throw new ArgumentError(`${where}.condition.kind`, '"class" or "caption"', condition.kind);
  const config: ScaleConfig = {
    layers: count(of, "layers", 1000),
    heads: count(of, "heads", 1000),
    width: count(of, "width", 2 ** 17),
    hidden: count(of, "hidden", 2 ** 20),
    vocabulary: count(of, "vocabulary"),
    codeDim: count(of, "codeDim", 4096),
    sides: of.value("sides", "2 to 64 sides from 1 to 1024, none above the last", areSides),
    condition,
    modulation: of.word("modulation", ["own", "shared"]),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 0.1", isNumberIn(0, 0.1)),
  };
  of.finish();
  const { width, heads } = config;
  check(`${where}.width`, `a multiple of heads = ${heads}`, width, (size) => size % heads === 0);
  return config;
}

/** The first scale is one cell: there the condition itself is fed. */
function areSides(value: unknown): value is number[] {
  if (!Array.isArray(value) || value.length < 2 || value.length > 64) return false;
  return value[0] === 1 && value.every((side) => isIntegerIn(1, 1024)(side) && side <= value.at(-1));
}
