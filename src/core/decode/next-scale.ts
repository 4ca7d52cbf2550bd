/**
 * Next-scale autoregression (VAR, arXiv 2404.02905 §3): one pass a scale, all cells of a scale at once. With noise it
 * feeds mixtures of codes ("more smooth" in VAR's code, for looks only). To in-paint, out-paint and edit, see keeping.ts.
 */
import { uniform } from "../../base/random.js";
import type { Distribution } from "../sampling.js";
import { scaleStarts } from "../scale-configs.js";
import type { Accepted, Draws, Step, Strategy } from "./step.js";

/** A number with the Gumbel distribution for an id at a position of an item. */
export type Noise = (item: number, position: number, id: number) => number;

export interface NextScaleOptions {
  /** Where given, cells are mixtures of codes by this noise instead of single codes. */
  readonly noise?: Noise | undefined;
}

/** Decodes the scales of these `sides`, small to large, of each of `items` items; positions run through the scales, each in raster order. */
export function nextScale(items: number, sides: readonly number[], { noise }: NextScaleOptions = {}): Strategy {
  const starts = scaleStarts(sides);
  const total = starts.at(-1)!;
  const positionsOf = (scale: number) => Array.from({ length: sides[scale]! ** 2 }, (_, cell) => starts[scale]! + cell);
  let scale = 0; // the one to fill
  let last: readonly Accepted[] = []; // the one before it, of each item

  return {
    items,
    total,
    drawnBefore: (position) => starts.findLast((start) => start <= position)!,
    plan(): Step | null {
      if (scale === sides.length) return null;
      const fill = positionsOf(scale);
      if (scale === 0) return { keep: 0, feed: [], ids: Array.from({ length: items }, () => []), sight: "block", fill };
      const mixtures = last.flatMap((line) => (line.mixtures ? [line.mixtures] : []));
      return {
        keep: starts[scale - 1]!,
        feed: positionsOf(scale - 1),
        ids: last.map(({ ids }) => ids),
        ...(noise && { mixtures }),
        sight: "block",
        fill,
      };
    },
    accept(draws: Draws): readonly Accepted[] {
      const positions = positionsOf(scale);
      const progress = scale / (sides.length - 1);
      last = Array.from({ length: items }, (_, item): Accepted => {
        const ids = positions.map((_, k) => draws.id(item, k));
        if (!noise) return { positions, ids };
        const mixtures = positions.map((position, k) =>
          mixture(draws.distribution(item, k), progress, (id) => noise(item, position, id)),
        );
        return { positions, ids, mixtures };
      });
      scale++;
      return last;
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
export function gumbelNoise(seed: number, firstItem = 0): Noise {
  return (item, position, id) => {
    const coin = uniform({ seed, item: firstItem + item, position, purpose: "noise" }, id);
    return -Math.log(Math.max(-Math.log1p(-coin), Number.MIN_VALUE)); // the inner logarithm is an exponential draw
  };
}
