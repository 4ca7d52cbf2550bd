/**
 * In which orders ids come to be, and which models can be decoded so. A model can be decoded in those orders that build on
 * what it was trained to predict: `prediction` of its configuration, or the next scale. One row an order.
 */
import { check, type Options, withDefaults } from "../../base/check.js";
import { ArgumentError, UnknownNameError } from "../../base/errors.js";
import { derive, type PredictionConfig, type TransformerConfig } from "../configs.js";
import type { ScaleConfig } from "../scale-configs.js";
import { type JacobiOptions, type JacobiSettings, jacobi, jacobiSettings } from "./jacobi.js";
import { rasterLayout } from "./layout.js";
import { nextNeighbor } from "./next-neighbor.js";
import { gumbelNoise, nextScale } from "./next-scale.js";
import { nextToken } from "./next-token.js";
import { parallelRegions } from "./parallel-regions.js";
import type { Strategy } from "./step.js";

export interface NextScaleSettings {
  /** Feeds and paints mixtures of codes instead of single ones: smoother pictures, which are no samples of the model. */
  readonly moreSmooth: boolean;
}

/** The settings of each order. */
interface Settings {
  readonly "next-token": object;
  readonly jacobi: JacobiSettings;
  readonly "next-neighbor": object;
  readonly "parallel-regions": object;
  readonly "next-scale": NextScaleSettings;
}

export type DecodingName = keyof Settings;

/** An order with nothing left open, as a manifest keeps it. */
export type Decoding = { readonly [K in DecodingName]: { readonly kind: K } & Settings[K] }[DecodingName];

type DecodingOf<K extends DecodingName> = Extract<Decoding, { readonly kind: K }>;

/**
 * What a caller may write: the name, or an object with any of the settings.
 *
 * next-token        one id a pass.
 * jacobi            guesses checked a window at a time: fewer passes, for any next-token model. Its default rule gives the ids
 *                   of next-token, as far as the arithmetic does not depend on how many ids a pass has: float32 differs in the
 *                   last bits, and a draw that close is rare; q8 and q4 round what they multiply to eight bits, and pictures
 *                   differ.
 * next-neighbor     all positions at one distance from the first a pass (NAR).
 * parallel-regions  one id of each region a pass (PAR).
 * next-scale        a whole scale a pass, small to large (VAR).
 */
export type DecodingOption =
  | DecodingName
  | { readonly kind: Exclude<DecodingName, "jacobi" | "next-scale"> }
  | ({ readonly kind: "jacobi" } & JacobiOptions)
  | { readonly kind: "next-scale"; readonly moreSmooth?: boolean | undefined };

/** A configuration of either architecture. */
export type OrderedConfig = TransformerConfig | ScaleConfig;

type Trained = PredictionConfig["kind"] | "next-scale";

const trainedFor = (config: OrderedConfig): Trained => ("sides" in config ? "next-scale" : config.prediction.kind);

/** Where the draws belong that a strategy makes by itself: see SamplerOptions. */
export interface StrategyDraws {
  readonly seed: number;
  readonly firstItem: number;
}

interface Order<K extends DecodingName> {
  /** What models are trained for that can be decoded so. */
  readonly models: readonly Trained[];
  /** Completes and checks the settings. */
  complete(settings: Readonly<Record<string, unknown>>): Settings[K];
  /** The strategy for a model that is trained for one of `models`. */
  strategy(
    items: number,
    config: K extends "next-scale" ? ScaleConfig : TransformerConfig,
    decoding: DecodingOf<K>,
    draws: StrategyDraws,
  ): Strategy;
}

const noSettings = (settings: Readonly<Record<string, unknown>>): object => withDefaults("decoding", {}, settings);

/** Of the orders of one model, its own stands first. */
const ORDERS: { readonly [K in DecodingName]: Order<K> } = {
  "next-token": {
    models: ["next-token"],
    complete: noSettings,
    strategy: (items, config) => nextToken(items, derive(config).positions),
  },
  jacobi: {
    models: ["next-token"],
    complete: (settings) => jacobiSettings(settings, "decoding"),
    strategy(items, config, { kind: _, ...settings }) {
      const layout = rasterLayout(config.grid, config.vocabulary);
      return jacobi(items, derive(config).positions, layout, settings);
    },
  },
  "next-neighbor": {
    models: ["next-neighbor", "next-neighbor-video"],
    complete: noSettings,
    strategy: (items, config) => nextNeighbor(items, derive(config).extents),
  },
  "parallel-regions": {
    models: ["regions"],
    complete: noSettings,
    strategy: (items, { grid, prediction }) =>
      parallelRegions(items, grid, (prediction as Extract<PredictionConfig, { kind: "regions" }>).regions),
  },
  "next-scale": {
    models: ["next-scale"],
    complete(settings) {
      const { moreSmooth } = withDefaults<NextScaleSettings>("decoding", { moreSmooth: false }, settings);
      return { moreSmooth: check("decoding.moreSmooth", "true or false", moreSmooth, (m) => typeof m === "boolean") };
    },
    strategy: (items, { sides }, { moreSmooth }, { seed, firstItem }) =>
      nextScale(items, sides, { noise: moreSmooth ? gumbelNoise(seed, firstItem) : undefined }),
  },
};

/** The names of all orders. */
export const DECODINGS = Object.keys(ORDERS) as readonly DecodingName[];

/** The names of the orders in which a model can be decoded, its own first. */
export const ordersOf = (config: OrderedConfig): readonly DecodingName[] =>
  DECODINGS.filter((name) => ORDERS[name].models.includes(trainedFor(config)));

/**
 * Completes and checks what a caller wrote, which must be one of the orders `known`; `what` says of what, in the message.
 * Throws UnknownNameError naming those, or ArgumentError for settings.
 */
export function decodingOf(option: unknown, known: readonly DecodingName[] = DECODINGS, what = "decoding"): Decoding {
  if (typeof option === "string") return decodingOf({ kind: option }, known, what);
  if (typeof option !== "object" || option === null)
    throw new ArgumentError("decoding", `one of ${known.join(", ")}, or an object with such a kind`, option);
  const { kind, ...settings } = option as { kind?: DecodingName } & Readonly<Record<string, unknown>>;
  if (!known.includes(kind!)) throw new UnknownNameError(what, kind, known);
  return { kind, ...ORDERS[kind!].complete(settings) } as Decoding;
}

/**
 * The strategy that decodes `items` items with a model of this configuration, in its own order or in the one asked for.
 * An order that it was not trained for is an UnknownNameError that lists those it was.
 */
export function strategyOf(
  items: number,
  config: OrderedConfig,
  option: DecodingOption = ordersOf(config)[0]!,
  { seed = 0, firstItem = 0 }: Options<StrategyDraws> = {},
): Strategy {
  const decoding = decodingOf(option, ordersOf(config), `decoding order for a "${trainedFor(config)}" model`);
  const order = ORDERS[decoding.kind] as Order<DecodingName>;
  return order.strategy(items, config as TransformerConfig & ScaleConfig, decoding, { seed, firstItem });
}
