/**
 * Turns logits into draws of ids. A draw is addressed by (seed, item, position), so that it does not depend on which items
 * share a batch, on how many passes there were, or on which strategy asked. It is a race of ids, each with a coin of its own,
 * so that a distribution that changes a little from pass to pass mostly keeps its id: drafts of a speculative strategy then stand.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { ShapeError } from "../../base/errors.js";
import { uniform } from "../../base/random.js";
import type { FloatTensor } from "../../engine/tensor.js";
import { type Guidance, guide, scaleAt, UNGUIDED } from "../sampling/guidance.js";
import {
  type AddedStages,
  certain,
  type Distribution,
  distributionOf,
  race,
  type SamplingSettings,
  samplingSettings,
} from "../sampling/sampling.js";
import {
  addressOf,
  type DrawContext,
  idOf,
  type ItemNumbers,
  type ItemSeeds,
  type Prediction,
  type Sampler,
  type Step,
  type Token,
  type TokenDraws,
} from "./step.js";

export interface SamplerOptions {
  /** 0 … 2^53 - 1, of all items of the batch or of each. */
  readonly seed: ItemSeeds;
  readonly sampling?: Partial<SamplingSettings> | undefined;
  readonly guidance?: Guidance | undefined;
  /** The number of the batch's first item among all of this seed, which the others follow; or the number of each. Default 0. */
  readonly firstItem?: ItemNumbers | undefined;
  /** Stages of the caller's. */
  readonly stages?: AddedStages | undefined;
}

/** A sampler of ids, whose draws are there at once. */
export interface TokenSampler extends Sampler<Token, Prediction, TokenDraws> {
  draws(step: Step<Token>, prediction: Prediction, context: DrawContext<Token>): TokenDraws;
}

/** A sampler with those settings; it holds no state. Throws ArgumentError for numbers out of range. */
export function sampler(options: SamplerOptions): TokenSampler {
  const seed = check("seed", "a whole number from 0 to 2^53 - 1, or one for each item", options.seed, (s) =>
    [s].flat().every(isIntegerIn(0, Number.MAX_SAFE_INTEGER)),
  );
  const firstItem = options.firstItem ?? 0;
  check("firstItem", "a whole number, or one for each item", firstItem, (n) =>
    [n].flat().every(isIntegerIn(0, 2 ** 31)),
  );
  const settings = samplingSettings(options.sampling);
  const { guidance = UNGUIDED, stages } = options;
  return {
    guided: ({ fill, values }, { drawnBefore }) =>
      fill.some((position) => values.some((_, item) => drawnBefore(position, item) < guidance.until)),
    draws({ fill, drawings }, { conditional, unconditional }, { layout, drawnBefore, history }) {
      const guided = (item: number, k: number, first = 0, end?: number): Float32Array => {
        const row = rowOf(conditional, item, k).subarray(first, end);
        const scale = scaleAt(guidance, fill[k]!, drawnBefore(fill[k]!, item));
        if (scale !== 1 && !unconditional)
          throw new ShapeError("sampler", "guidance needs the unconditional logits", "Open the session as guided.");
        return unconditional ? guide(row, rowOf(unconditional, item, k).subarray(first, end), scale) : row;
      };
      const settingsOf = drawings?.map(({ temperature }) => ({
        ...settings,
        temperature: settings.temperature * temperature,
      }));
      const distribution = remembered(fill.length, (item, k) => {
        const position = fill[k]!;
        const allowed = layout?.allowed(position);
        if (allowed?.kind === "forced") return certain(allowed.id);
        const [first, end] = allowed ? [allowed.first, allowed.last + 1] : [0, undefined];
        const at = { item: addressOf(seed, firstItem, item).item, position, history: () => history(item, k).map(idOf) };
        return distributionOf(guided(item, k, first, end), settingsOf?.[item] ?? settings, at, stages, first);
      });
      const value = remembered(fill.length, (item, k) => {
        const address = { ...addressOf(seed, firstItem, item), position: fill[k]!, purpose: "token" } as const;
        const from = (drawings?.[item]!.attempt ?? 0) * IDS;
        return race(distribution(item, k), (id) => uniform(address, from + id));
      });
      const coin: TokenDraws["coin"] = (item, position, purpose, index) =>
        uniform({ ...addressOf(seed, firstItem, item), position, purpose }, index);
      const logit: TokenDraws["logit"] = (item, k, id) => guided(item, k, id, id + 1)[0]!;
      return { value, distribution, logit, coin };
    },
  };
}

/** Coins of one attempt at a position: no vocabulary is larger. */
const IDS = 2 ** 20;

/** Row k of an item of logits [B, R, V], not copied. */
export function rowOf({ shape, data }: FloatTensor, item: number, k: number): Float32Array {
  const [, R, V] = shape as [number, number, number];
  const start = (item * R + k) * V;
  return data.subarray(start, start + V);
}

/** Computes the value of an item and an index into `fill` the first time that it is asked for. */
function remembered<T extends number | Distribution>(rows: number, compute: (item: number, k: number) => T) {
  const known: (T | undefined)[] = [];
  return (item: number, k: number): T => (known[item * rows + k] ??= compute(item, k));
}
