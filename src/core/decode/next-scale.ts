/**
 * Next-scale autoregression (VAR, arXiv 2404.02905 §3): one pass per scale, all cells of a scale at once. With noise it
 * feeds mixtures of codes ("more smooth" in VAR's code, for looks only). To in-paint, out-paint and edit, see keeping.ts.
 */
import { gumbel, uniform } from "../../base/random.js";
import { scaleStarts } from "../grid.js";
import type { Distribution } from "../sampling/sampling.js";
import {
  type Accepted,
  addressOf,
  type ItemNumbers,
  type ItemSeeds,
  type Step,
  type Strategy,
  type TokenDraws,
} from "./step.js";

/** Codes weighted by probabilities in place of a single one; `id` is the one that was drawn. */
export interface Mixture extends Distribution {
  readonly id: number;
}

/** What stands in a cell: the id of a code, or a mixture of codes. */
export type Cell = number | Mixture;

/** A number with the Gumbel distribution for an id at a position of an item. */
export type Noise = (item: number, position: number, id: number) => number;

export interface NextScaleOptions {
  /** Where given, cells are mixtures of codes by this noise instead of single codes. */
  readonly noise?: Noise | undefined;
}

/**
 * Decodes the scales of these `sides`, small to large, of each of `items` items; positions run through the scales, each in raster
 * order.
 */
export function nextScale(
  items: number,
  sides: readonly number[],
  { noise }: NextScaleOptions = {},
): Strategy<Cell, TokenDraws> {
  const starts = scaleStarts(sides);
  const positionsOf = (scale: number) => Array.from({ length: sides[scale]! ** 2 }, (_, cell) => starts[scale]! + cell);
  const nothing: readonly (readonly Cell[])[] = Array.from({ length: items }, () => []);
  let scale = 0; // the one to fill
  let last = nothing; // cells of the one before it

  const cellOf = (draws: TokenDraws, item: number, k: number): Cell => {
    const id = draws.value(item, k);
    if (!noise) return id;
    const position = starts[scale]! + k;
    const progress = scale / (sides.length - 1);
    return { ...mixture(draws.distribution(item, k), progress, (id) => noise(item, position, id)), id };
  };
  return {
    ...{ items, layout: null },
    most: starts.at(-1)!,
    drawnBefore: (position) => starts.findLast((start) => start <= position)!,
    plan(): Step<Cell> | null {
      if (scale === sides.length) return null;
      const fill = positionsOf(scale);
      if (scale === 0) return { keep: 0, feed: [], values: nothing, sight: "block", fill };
      return { keep: starts[scale - 1]!, feed: positionsOf(scale - 1), values: last, sight: "block", fill };
    },
    accept(draws): readonly Accepted<Cell>[] {
      const positions = positionsOf(scale);
      last = Array.from({ length: items }, (_, item) => positions.map((_, k) => cellOf(draws, item, k)));
      scale++;
      return last.map((values) => ({ positions, values }));
    },
  };
}

/**
 * softmax((logits·(1 + progress) + gumbel) / temperature) over what could have been drawn; the temperature falls with the
 * progress, 0 to 1, so that the last scales are almost draws. (Logarithms of probabilities are the logits but for a constant.)
 */
export function mixture(
  { ids, probabilities }: Distribution,
  progress: number,
  gumbel: (id: number) => number,
): Distribution {
  const temperature = Math.max(0.27 * (1 - 0.95 * progress), 0.005);
  const scores = probabilities.map((p, i) => (Math.log(p) * (1 + progress) + gumbel(ids[i]!)) / temperature);
  const top = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = scores.map((score) => Math.exp(score - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return { ids, probabilities: powers.map((power) => power / sum) };
}

/** Gumbel noise addressed like every draw: by seed, number of the sample, position and id. */
export function gumbelNoise(seed: ItemSeeds, firstItem: ItemNumbers = 0): Noise {
  return (item, position, id) => {
    return gumbel(uniform({ ...addressOf(seed, firstItem, item), position, purpose: "noise" }, id));
  };
}
