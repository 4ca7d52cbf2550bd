/**
 * The networks of an image model, as its config.json names them: image tokenizers, and transformers that each were trained with
 * one of them. A layout says how a file is read: names of weights, and the fields of its configuration.
 */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Fields } from "../base/fields.js";
import { type Objective, ordersOf } from "../core/orders.js";
import { parseSampling, TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import { PRECISIONS, type Precision } from "../engine/engine.js";
import {
  IMAGE_LAYOUTS,
  type LayoutConfigs,
  type LayoutName,
  STATED_LAYOUTS,
  type StatedLayout,
  statedBy,
} from "./image-layouts.js";

/** A configuration and the file of its weights, which is named relative to the folder of the model. */
export interface Weighted<Config> {
  readonly weights: string;
  readonly config: Config;
}

/** A transformer with its tokenizer, of one of the layouts `L`. Two that share a tokenizer share the object. */
export type ImageNetworkConfig<L extends LayoutName = LayoutName> = {
  readonly [K in L]: {
    readonly layout: K;
    readonly transformer: Weighted<LayoutConfigs[K]["transformer"]>;
    readonly tokenizer: Weighted<LayoutConfigs[K]["tokenizer"]>;
    /** How the weights of the transformer are held where the caller says nothing. */
    readonly precision: Precision;
    /** How it is sampled where the caller says nothing. */
    readonly sampling: TokenSampling;
  };
}[L];

/** Pixels of one side of its pictures. */
export const sideOf = <L extends LayoutName>({ layout, transformer, tokenizer }: ImageNetworkConfig<L>): number =>
  IMAGE_LAYOUTS[layout].side(transformer.config, tokenizer.config);

/** What its transformer was trained to predict. */
export const objectiveOf = <L extends LayoutName>({ layout, transformer }: ImageNetworkConfig<L>): Objective =>
  IMAGE_LAYOUTS[layout].objective(transformer.config);

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
  if (networks.length === 0)
    throw new ArgumentError(`${where}.transformers`, "at least one transformer", described("none"));
  const idle = [...named.keys()].find((name) => !used.has(name));
  if (idle !== undefined)
    throw new ArgumentError(
      `${where}.tokenizers`,
      "only tokenizers that a transformer names",
      described(`also "${idle}"`),
    );
  return networks;
}

/** A tokenizer, and the layout of the networks that it is for. */
type Tokenizer<L extends StatedLayout = StatedLayout> = {
  readonly [K in L]: { readonly layout: K; readonly own: Weighted<LayoutConfigs[K]["tokenizer"]> };
}[L];

function parseTokenizer(of: Fields, name: string, where: string): Tokenizer {
  const named = of.word(
    "layout",
    STATED_LAYOUTS.map((layout) => statedBy(layout).tokenizerLayout),
  );
  const layout = STATED_LAYOUTS.find((layout) => statedBy(layout).tokenizerLayout === named)!;
  const weights = fileName(of, "weights");
  const config = statedBy(layout).parseTokenizer(of.take("config"), `${where}.tokenizers.${name}.config`);
  of.finish();
  return { layout, own: { weights, config } } as Tokenizer;
}

function parseNetwork<L extends StatedLayout>(
  of: Fields,
  { layout, own: tokenizer }: Tokenizer<L>,
  order: string,
  where: string,
): ImageNetworkConfig<L> {
  of.word("layout", [layout]);
  const weights = fileName(of, "weights");
  const precision = of.word("precision", PRECISIONS);
  const sampling = parseSampling(of.object("defaults"), TOKEN_SAMPLING);
  const place = `${where}.config`;
  const row = statedBy(layout);
  const config: LayoutConfigs[L]["transformer"] = row.parseTransformer(of.take("config"), place);
  of.finish();
  const trained = ordersOf(IMAGE_LAYOUTS[layout].objective(config))[0]!;
  if (trained !== order)
    throw new ArgumentError(where, `the name of the order that it was trained for, ${trained},`, order);
  const { vocab } = tokenizer.config;
  if (vocab !== config.vocabulary)
    throw new ArgumentError(
      `${place}.vocabulary`,
      `the tokenizer's ${vocab} codes`,
      described(`${config.vocabulary} codes`),
    );
  row.check(config, tokenizer.config, place);
  return { layout, transformer: { weights, config }, tokenizer, precision, sampling } as ImageNetworkConfig<L>;
}

/** A plain file name: a configuration may not reach outside of its folder. */
export const fileName = (of: Fields, name: string): string =>
  of.value(name, "the name of a file in the same folder", (file): file is string => {
    return typeof file === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(file);
  });
