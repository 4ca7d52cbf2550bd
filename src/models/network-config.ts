/**
 * The networks of an image model, as its config.json names them: image tokenizers, and transformers that each were trained with
 * one of them. A layout says how a file is read: names of weights, and the fields of its configuration.
 */
import { ArgumentError } from "../base/errors.js";
import type { Fields } from "../base/fields.js";
import { parseTransformerConfig, type TransformerConfig } from "../core/configs.js";
import { ordersOf } from "../core/decode/orders.js";
import { parseSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling-ranges.js";
import { parseScaleConfig, type ScaleConfig } from "../core/scale-configs.js";
import type { Precision } from "../engine/engine.js";
import { downsampleOf } from "../tokenizers/image/codec-config.js";
import {
  deriveMultiScale,
  type MultiScaleConfig,
  parseMultiScaleConfig,
} from "../tokenizers/image/multi-scale-config.js";
import { parseVqConfig, type VqConfig } from "../tokenizers/image/vq-config.js";

/** A configuration and the file of its weights, which is named relative to the folder of the model. */
export interface Weighted<Config> {
  readonly weights: string;
  readonly config: Config;
}

/** A transformer with its tokenizer. Two that share a tokenizer share the object. */
export type ImageNetworkConfig = {
  /** How the weights of the transformer are held where the caller says nothing. */
  readonly precision: Precision;
  /** How it is sampled where the caller says nothing. */
  readonly sampling: TokenSampling;
} & (
  | {
      readonly layout: "llamagen";
      readonly transformer: Weighted<TransformerConfig>;
      readonly tokenizer: Weighted<VqConfig>;
    }
  | {
      readonly layout: "var";
      readonly transformer: Weighted<ScaleConfig>;
      readonly tokenizer: Weighted<MultiScaleConfig>;
    }
);

export const PRECISIONS = ["f32", "f16", "q8", "q4"] as const satisfies readonly Precision[];

/** Pixels of one side of its pictures. */
export function sideOf({ layout, transformer, tokenizer }: ImageNetworkConfig): number {
  if (layout === "llamagen") return transformer.config.grid * downsampleOf(tokenizer.config);
  return transformer.config.sides.at(-1)! * deriveMultiScale(tokenizer.config).downsample;
}

/**
 * Reads the fields `tokenizers`, by names of the folder's own, and `transformers`, each by the order that it was trained for.
 *
 * @throws ArgumentError for a field that is missing, wrong, unknown, or at odds with another; for a tokenizer that none uses.
 */
export function parseNetworks(of: Fields, where: string): readonly ImageNetworkConfig[] {
  const tokenizers = of.object("tokenizers");
  const named = new Map(tokenizers.names().map((name) => [name, parseTokenizer(tokenizers.object(name), name, where)]));
  const transformers = of.object("transformers");
  const used = new Set<string>();
  const networks = transformers.names().map((order) => {
    const row = transformers.object(order);
    used.add(row.word("tokenizer", [...named.keys()]));
    return parseNetwork(row, named.get(row.text("tokenizer"))!, order, `${where}.transformers.${order}`);
  });
  if (networks.length === 0) throw new ArgumentError(`${where}.transformers`, "at least one transformer", "none");
  const idle = [...named.keys()].find((name) => !used.has(name));
  if (idle !== undefined) throw new ArgumentError(`${where}.tokenizers`, "those that a transformer names", idle);
  return networks;
}

type Tokenizer =
  | ({ readonly layout: "llamagen-vq" } & Weighted<VqConfig>)
  | ({ readonly layout: "var-multi-scale" } & Weighted<MultiScaleConfig>);

function parseTokenizer(of: Fields, name: string, where: string): Tokenizer {
  const layout = of.word("layout", ["llamagen-vq", "var-multi-scale"]);
  const weights = fileName(of, "weights");
  const place = `${where}.tokenizers.${name}.config`;
  const config = of.take("config");
  of.finish();
  if (layout === "llamagen-vq") return { layout, weights, config: parseVqConfig(place, config) };
  return { layout, weights, config: parseMultiScaleConfig(place, config) };
}

function parseNetwork(of: Fields, tokenizer: Tokenizer, order: string, where: string): ImageNetworkConfig {
  const layout = of.word("layout", [tokenizer.layout === "llamagen-vq" ? "llamagen" : "var"]);
  const weights = fileName(of, "weights");
  const precision = of.word("precision", PRECISIONS);
  const sampling = parseSampling(of.object("defaults"), TOKEN_SAMPLING);
  const json = of.take("config");
  of.finish();
  const place = `${where}.config`;
  const network =
    tokenizer.layout === "llamagen-vq"
      ? {
          layout: "llamagen" as const,
          transformer: { weights, config: parseTransformerConfig(json, place) },
          tokenizer,
        }
      : { layout: "var" as const, transformer: { weights, config: parseScaleConfig(json, place) }, tokenizer };
  const { config } = network.transformer;
  const own = ordersOf(config)[0]!;
  if (own !== order) throw new ArgumentError(where, `the name of the order that it was trained for, ${own},`, order);
  const { vocab } = tokenizer.config;
  if (vocab !== config.vocabulary)
    throw new ArgumentError(`${place}.vocabulary`, `the tokenizer's ${vocab} codes`, config.vocabulary);
  if (network.layout === "llamagen") checkPicture(network.transformer.config, place);
  else checkScales(network.transformer.config, network.tokenizer.config, place);
  return { ...network, layout, precision, sampling } as ImageNetworkConfig;
}

/** A picture has one frame. */
function checkPicture({ prediction: { kind } }: TransformerConfig, where: string): void {
  if (kind === "next-neighbor-video") throw new ArgumentError(`${where}.prediction.kind`, "an order of pictures", kind);
}

/** What a next-scale transformer is fed is what the tokenizer paints. */
function checkScales({ sides, codeDim }: ScaleConfig, tokenizer: MultiScaleConfig, where: string): void {
  const scales = tokenizer.scales
    .map(([rows, columns]) => (rows === columns ? `${rows}` : `${rows}x${columns}`))
    .join();
  if (sides.join() !== scales) throw new ArgumentError(`${where}.sides`, `the tokenizer's, ${scales}`, sides.join());
  if (codeDim !== tokenizer.codeDim)
    throw new ArgumentError(`${where}.codeDim`, `the tokenizer's ${tokenizer.codeDim}`, codeDim);
}

/** A plain file name: a configuration may not reach outside of its folder. */
export const fileName = (of: Fields, name: string): string =>
  of.value(name, "the name of a file in the same folder", (file): file is string => {
    return typeof file === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file);
  });
