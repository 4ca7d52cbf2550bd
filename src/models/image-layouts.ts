/**
 * The layouts of image models: how the configurations of a transformer and of its tokenizer are read, and what follows from them.
 * One row per layout; what opens their files is src/image/networks/.
 */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { ConditionConfig } from "../core/condition.js";
import { objectiveOf, parseTransformerConfig, type TransformerConfig } from "../core/llamagen/config.js";
import { type JanusConfig, janusObjective } from "../core/janus/config.js";
import type { Objective } from "../core/orders.js";
import { parseScaleConfig, type ScaleConfig, scaleObjective } from "../core/var/config.js";
import { downsampleOf } from "../tokenizers/image/codec-config.js";
import {
  deriveMultiScale,
  type MultiScaleConfig,
  parseMultiScaleConfig,
} from "../tokenizers/image/multi-scale-config.js";
import { parseVqConfig, type VqConfig } from "../tokenizers/image/vq-config.js";

/** The configurations of each layout. */
export interface LayoutConfigs {
  readonly llamagen: { readonly transformer: TransformerConfig; readonly tokenizer: VqConfig };
  readonly var: { readonly transformer: ScaleConfig; readonly tokenizer: MultiScaleConfig };
  readonly janus: { readonly transformer: JanusConfig; readonly tokenizer: VqConfig };
}

export type LayoutName = keyof LayoutConfigs;

interface Stated<T, K> {
  /** What it calls the layout of the tokenizer. */
  readonly tokenizerLayout: string;
  /** Both throw ArgumentError for a field that is missing, wrong or unknown. */
  parseTransformer(json: unknown, where: string): T;
  parseTokenizer(json: unknown, where: string): K;
  /** Throws ArgumentError for a pair that does not fit together; `where` is the transformer's. */
  check(transformer: T, tokenizer: K, where: string): void;
}

interface ImageLayout<
  T extends { readonly vocabulary: number; readonly condition: ConditionConfig },
  K extends { readonly vocab: number },
> {
  /** How a config.json of our own states them; null for a layout that only folders of the hub have. */
  readonly stated: Stated<T, K> | null;
  objective(transformer: T): Objective;
  /** Pixels of one side of a picture. */
  side(transformer: T, tokenizer: K): number;
}

export const IMAGE_LAYOUTS: {
  readonly [L in LayoutName]: ImageLayout<LayoutConfigs[L]["transformer"], LayoutConfigs[L]["tokenizer"]>;
} = {
  llamagen: {
    stated: {
      tokenizerLayout: "llamagen-vq",
      parseTransformer: parseTransformerConfig,
      parseTokenizer: (json, where) => parseVqConfig(where, json),
      check({ prediction: { kind } }, _, where) {
        if (kind === "next-neighbor-video")
          throw new ArgumentError(`${where}.prediction.kind`, "an order of pictures, which have one frame", kind);
      },
    },
    objective: objectiveOf,
    side: ({ grid }, tokenizer) => grid * downsampleOf(tokenizer),
  },
  var: {
    stated: {
      tokenizerLayout: "var-multi-scale",
      parseTransformer: parseScaleConfig,
      parseTokenizer: (json, where) => parseMultiScaleConfig(where, json),
      check({ sides, codeDim }, tokenizer, where) {
        const scales = tokenizer.scales
          .map(([rows, columns]) => (rows === columns ? `${rows}` : `${rows}x${columns}`))
          .join();
        if (sides.join() !== scales)
          throw new ArgumentError(
            `${where}.sides`,
            `the tokenizer's, ${scales}`,
            described(`the sides ${sides.join()}`),
          );
        if (codeDim !== tokenizer.codeDim)
          throw new ArgumentError(`${where}.codeDim`, `the tokenizer's ${tokenizer.codeDim}`, codeDim);
      },
    },
    objective: scaleObjective,
    side: ({ sides }, tokenizer) => sides.at(-1)! * deriveMultiScale(tokenizer).downsample,
  },
  janus: {
    stated: null,
    objective: janusObjective,
    side: ({ grid }, tokenizer) => grid * downsampleOf(tokenizer),
  },
};

/** Those that a config.json of our own may name. */
export type StatedLayout = Exclude<LayoutName, "janus">;

export const STATED_LAYOUTS = (Object.keys(IMAGE_LAYOUTS) as readonly LayoutName[]).filter(
  (layout): layout is StatedLayout => IMAGE_LAYOUTS[layout].stated !== null,
);

/** How a config.json of our own states a layout. */
export const statedBy = <L extends StatedLayout>(
  layout: L,
): Stated<LayoutConfigs[L]["transformer"], LayoutConfigs[L]["tokenizer"]> => IMAGE_LAYOUTS[layout].stated!;
