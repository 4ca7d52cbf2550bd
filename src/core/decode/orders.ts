/** In which orders a model can be decoded. What it was trained to predict decides it: `prediction` of its configuration. */
import { UnknownNameError } from "../../base/errors.js";
import { derive, type PredictionConfig, type TransformerConfig } from "../configs.js";
import { nextNeighbor } from "./next-neighbor.js";
import { nextToken } from "./next-token.js";
import { parallelRegions } from "./parallel-regions.js";
import type { Strategy } from "./step.js";

type Order<P> = (items: number, config: TransformerConfig, prediction: P) => Strategy;

/** One row a kind of prediction; the first order of a row is the model's own. */
const ORDERS: {
  readonly [K in PredictionConfig["kind"]]: Readonly<Record<string, Order<Extract<PredictionConfig, { kind: K }>>>>;
} = {
  "next-token": { "next-token": (items, config) => nextToken(items, derive(config).positions) },
  "next-neighbor": { "next-neighbor": (items, config) => nextNeighbor(items, derive(config).extents) },
  "next-neighbor-video": { "next-neighbor": (items, config) => nextNeighbor(items, derive(config).extents) },
  regions: { "parallel-regions": (items, { grid }, { regions }) => parallelRegions(items, grid, regions) },
};

/** The names of the orders in which a model can be decoded, its own first. */
export const ordersOf = ({ prediction }: TransformerConfig): readonly string[] => Object.keys(ORDERS[prediction.kind]);

/**
 * The strategy that decodes `items` items with a model of this configuration, in its own order or in the one named.
 * An order that it was not trained for is an UnknownNameError that lists those it was.
 */
export function strategyOf(items: number, config: TransformerConfig, order = ordersOf(config)[0]!): Strategy {
  const { prediction } = config;
  const row = ORDERS[prediction.kind] as Readonly<Record<string, Order<PredictionConfig>>>;
  if (!Object.hasOwn(row, order))
    throw new UnknownNameError(`decoding order for a "${prediction.kind}" model`, order, Object.keys(row));
  return row[order]!(items, config, prediction);
}
