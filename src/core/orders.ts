/**
 * In which orders ids come to be, and which models can be decoded so. A model can be decoded in those orders that build on
 * what it was trained to predict. One row per order.
 */
import { check, isIntegerIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import { type JacobiOptions, type JacobiSettings, jacobi, jacobiSettings } from "./decode/jacobi/jacobi.js";
import { theseGroups } from "./decode/masked/group.js";
import { masked, randomRanks } from "./decode/masked/masked.js";
import { type MaskedSettings, maskedGroup, maskedSettings } from "./decode/masked/settings.js";
import type { TokenLayout } from "./decode/layout.js";
import { nextNeighbor } from "./decode/next-neighbor.js";
import { type Cell, gumbelNoise, nextScale } from "./decode/next-scale.js";
import { nextToken } from "./decode/next-token.js";
import { promptLookup, type PromptLookupSettings, promptLookupSettings } from "./decode/prompt-lookup.js";
import { parallelRegions } from "./decode/parallel-regions.js";
import { runLookup, type RunLookupSettings, runLookupSettings, type Runs } from "./decode/run-lookup.js";
import type { ItemNumbers, ItemSeeds, Strategy } from "./decode/step.js";
import type { OctgptConfig } from "./octgpt/config.js";
import { type BitDraws, unmaskOctrees, withPasses } from "./octgpt/unmasking.js";

/** What a model was trained to predict, with the sizes that its strategies need. An architecture says it of a configuration. */
export type Objective =
  /** Each token predicts the next one of `positions`, which are laid out so. */
  | {
      readonly kind: "next-token";
      readonly positions: number;
      readonly layout: TokenLayout;
      /** Ids that stand before position 0, where they are of the same kind as those behind it, as in texts. */
      readonly prompt?: readonly number[];
      /** What knows how many ids of one kind come next, and guesses them; of an item that begins. */
      readonly runs?: () => Runs;
    }
  /** Each token predicts its neighbours along every axis of a grid, [rows, columns] or [frames, rows, columns]. */
  | { readonly kind: "next-neighbor"; readonly extents: readonly number[] }
  /** Each token predicts the next one of its region of a square grid. */
  | { readonly kind: "regions"; readonly side: number; readonly regions: number }
  /** Each scale, a square grid, predicts the next one. */
  | { readonly kind: "next-scale"; readonly sides: readonly number[] }
  /** Tokens that are there predict those of `positions` that are masked, whichever these are. */
  | { readonly kind: "masked"; readonly positions: number }
  /** The same of the nodes of an octree, depth by depth. */
  | { readonly kind: "masked-octree"; readonly config: OctgptConfig };

/** Those of models that predict an id at a time from one distribution. */
export type TokenObjective = Exclude<Objective, { readonly kind: "next-scale" | "masked-octree" }>;

export interface NextScaleSettings {
  /** Feeds and paints mixtures of codes instead of single ones: smoother pictures, which are no samples of the model. */
  readonly moreSmooth: boolean;
}

export interface MaskedOctreeSettings {
  /**
   * Passes at each depth, coarse to fine; null: as the model states. Fewer are faster and draw more nodes that do not know each
   * other.
   */
  readonly passes: readonly number[] | null;
}

/** The settings of each order. */
interface Settings {
  readonly "next-token": object;
  readonly jacobi: JacobiSettings;
  readonly "prompt-lookup": PromptLookupSettings;
  readonly "run-lookup": RunLookupSettings;
  readonly "next-neighbor": object;
  readonly "parallel-regions": object;
  readonly "next-scale": NextScaleSettings;
  readonly masked: MaskedSettings;
  readonly "masked-octree": MaskedOctreeSettings;
}

export type DecodingName = keyof Settings;

/** An order with nothing left open, as a manifest keeps it. */
export type Decoding = { readonly [K in DecodingName]: { readonly kind: K } & Settings[K] }[DecodingName];

type DecodingOf<K extends DecodingName> = Extract<Decoding, { readonly kind: K }>;

/**
 * What a caller may write: the name, or an object with any of the settings.
 *
 * next-token        one id per pass.
 * jacobi            a window of guesses checked per pass: fewer passes, for any next-token model. Its default rule gives the ids
 *                   of next-token, as far as the arithmetic does not depend on how many ids a pass computes: float32 differs in the
 *                   last bits, and a draw that close is rare; q8 and q4 round what they multiply to eight bits, and pictures
 *                   differ.
 * prompt-lookup     guesses taken from where the last few ids stood before, in the prompt or behind it, and checked as jacobi's by
 *                   its default rule; for texts.
 * run-lookup        guesses by what stood where the surroundings were the same, where a grammar says which kind of ids comes next; checked
 *                   as jacobi's by its default rule; for octrees.
 * next-neighbor     all positions at one distance from the first per pass (NAR).
 * parallel-regions  one id of each region per pass (PAR).
 * next-scale        a whole scale per pass, small to large (VAR).
 * masked            all positions per pass, of which the surest become final (MaskGIT, TiTok).
 * masked-octree     depth by depth, a part of its nodes per pass (OctGPT).
 */
export type DecodingOption =
  | DecodingName
  | { readonly kind: Exclude<DecodingName, Configured> }
  | ({ readonly kind: "jacobi" } & JacobiOptions)
  | ({ readonly kind: "prompt-lookup" } & Options<PromptLookupSettings>)
  | ({ readonly kind: "run-lookup" } & Options<RunLookupSettings>)
  | { readonly kind: "next-scale"; readonly moreSmooth?: boolean | undefined }
  | ({ readonly kind: "masked" } & Options<MaskedSettings>)
  | ({ readonly kind: "masked-octree" } & Options<MaskedOctreeSettings>);

/** Orders with settings. */
type Configured = "jacobi" | "prompt-lookup" | "run-lookup" | "next-scale" | "masked" | "masked-octree";

/** Where the draws belong that a strategy makes by itself: see SamplerOptions. */
export interface StrategyDraws {
  readonly seed: ItemSeeds;
  readonly firstItem: ItemNumbers;
}

type ObjectiveOf<K extends Objective["kind"]> = Extract<Objective, { readonly kind: K }>;

/** What decodes a model of that objective. */
type StrategyFor<O extends Objective["kind"]> = O extends "next-scale"
  ? Strategy<Cell>
  : O extends "masked-octree"
    ? Strategy<number, BitDraws>
    : Strategy<number>;

interface Order<K extends DecodingName, O extends Objective["kind"]> {
  /** What models are trained for that can be decoded so. */
  readonly objective: O;
  /** Whether a model of that objective is one of these; left out: all are. */
  suits?(objective: ObjectiveOf<O>): boolean;
  /**
   * Whether items of a batch go together or one after the other: where they go at their own pace, a batch takes the passes of
   * its slowest item and the width of its foremost, so that it is slower than its items apart.
   */
  readonly items: "together" | "apart";
  /** Completes and checks the settings. */
  complete(settings: Readonly<Record<string, unknown>>): Settings[K];
  strategy(items: number, objective: ObjectiveOf<O>, decoding: DecodingOf<K>, draws: StrategyDraws): StrategyFor<O>;
}

const order = <K extends DecodingName, O extends Objective["kind"]>(_: K, row: Order<K, O>): Order<K, O> => row;

const noSettings = (settings: Readonly<Record<string, unknown>>): object => withDefaults("decoding", {}, settings);

/** Of the orders of one model, its own stands first. */
const ORDERS = {
  "next-token": order("next-token", {
    objective: "next-token",
    items: "together",
    complete: noSettings,
    strategy: (items, { positions, layout }) => nextToken(items, positions, layout),
  }),
  jacobi: order("jacobi", {
    objective: "next-token",
    items: "apart",
    complete: (settings) => jacobiSettings(settings, "decoding"),
    strategy: (items, { positions, layout }, { kind: _, ...settings }) => jacobi(items, positions, layout, settings),
  }),
  "prompt-lookup": order("prompt-lookup", {
    objective: "next-token",
    suits: ({ prompt }) => prompt !== undefined,
    items: "apart",
    complete: (settings) => promptLookupSettings(settings, "decoding"),
    strategy: (items, { positions, layout, prompt = [] }, { kind: _, ...settings }) =>
      promptLookup(items, positions, layout, prompt, settings),
  }),
  "run-lookup": order("run-lookup", {
    objective: "next-token",
    suits: ({ runs }) => runs !== undefined,
    items: "apart",
    complete: (settings) => runLookupSettings(settings, "decoding"),
    strategy: (items, { positions, runs }, { kind: _, ...settings }) => runLookup(items, positions, runs!, settings),
  }),
  "next-neighbor": order("next-neighbor", {
    objective: "next-neighbor",
    items: "together",
    complete: noSettings,
    strategy: (items, { extents }) => nextNeighbor(items, extents),
  }),
  "parallel-regions": order("parallel-regions", {
    objective: "regions",
    items: "together",
    complete: noSettings,
    strategy: (items, { side, regions }) => parallelRegions(items, side, regions),
  }),
  "next-scale": order("next-scale", {
    objective: "next-scale",
    items: "together",
    complete(settings) {
      const { moreSmooth } = withDefaults<NextScaleSettings>("decoding", { moreSmooth: false }, settings);
      return { moreSmooth: check("decoding.moreSmooth", "true or false", moreSmooth, (m) => typeof m === "boolean") };
    },
    strategy: (items, { sides }, { moreSmooth }, { seed, firstItem }) =>
      nextScale(items, sides, { noise: moreSmooth ? gumbelNoise(seed, firstItem) : undefined }),
  }),
  masked: order("masked", {
    objective: "masked",
    items: "together",
    complete: (settings) => maskedSettings(settings, "decoding"),
    strategy(items, { positions }, { kind: _, ...settings }, { seed, firstItem }) {
      const all = maskedGroup([...Array(positions).keys()], settings);
      return masked(items, positions, theseGroups([all]), randomRanks(seed, firstItem));
    },
  }),
  "masked-octree": order("masked-octree", {
    objective: "masked-octree",
    items: "apart",
    complete: (settings) => {
      const { passes } = withDefaults<MaskedOctreeSettings>("decoding", { passes: null }, settings);
      return { passes: check("decoding.passes", PASSES, passes, (list) => list === null || arePasses(list)) };
    },
    strategy: (items, { config }, { passes }, { seed, firstItem }) =>
      unmaskOctrees(items, withPasses(config, passes), seed, firstItem),
  }),
};

const PASSES = "whole numbers from 1 to 4096, one for each depth, or null";
const arePasses = (list: unknown): boolean => Array.isArray(list) && list.every(isIntegerIn(1, 4096));

/** The names of all orders. */
export const DECODINGS = Object.keys(ORDERS) as readonly DecodingName[];

/** The names of the orders in which a model of that objective can be decoded, its own first. */
export const ordersOf = (objective: Objective): readonly DecodingName[] =>
  DECODINGS.filter((name) => {
    const { objective: kind, suits } = ORDERS[name] as Pick<
      Order<DecodingName, Objective["kind"]>,
      "objective" | "suits"
    >;
    return kind === objective.kind && (suits?.(objective as never) ?? true);
  });

/** Whether items are better decoded one after the other than in one batch. */
export const decodedApart = ({ kind }: Decoding): boolean => ORDERS[kind].items === "apart";

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
 * The strategy that decodes `items` items with a model of that objective, in its own order or in the one asked for. An order
 * that it was not trained for is an UnknownNameError that lists those it was.
 */
export function strategyOf<O extends Objective>(
  items: number,
  objective: O,
  option: DecodingOption = ordersOf(objective)[0]!,
  { seed = 0, firstItem = 0 }: Options<StrategyDraws> = {},
): StrategyFor<O["kind"]> {
  const decoding = decodingOf(option, ordersOf(objective), `decoding order for a "${objective.kind}" model`);
  // The row was chosen by this objective, which the types cannot follow.
  const { strategy } = ORDERS[decoding.kind] as unknown as Order<DecodingName, O["kind"]>;
  return strategy(items, objective as never, decoding, { seed, firstItem }) as never;
}
