/**
 * Turns predictions into draws. A draw is addressed by (seed, item, position), so that it does not depend on which items
 * share a batch, on how many passes there were, or on which strategy asked. It is a race of ids, each with a coin of its own,
 * so that a distribution that changes a little from pass to pass mostly keeps its id: drafts of a speculative strategy then stand.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { ShapeError } from "../../base/errors.js";
import { uniform } from "../../base/random.js";
import type { FloatTensor } from "../../engine/tensor.js";
import { type Guidance, guide, scaleAt, UNGUIDED } from "../guidance.js";
import {
  certain,
  type Distribution,
  distributionOf,
  race,
  type SamplingSettings,
  samplingSettings,
} from "../sampling.js";
import type { TokenLayout } from "./layout.js";
import type { Draws, Prediction, Step } from "./step.js";

export interface Sampler {
  /** `seen(item, k)` names the ids that come before fill[k], for the repetition penalty. */
  draws(step: Step, prediction: Prediction, seen: (item: number, k: number) => Iterable<number>): Draws;
}

export interface SamplerOptions {
  /** 0 … 2^53 - 1. */
  readonly seed: number;
  readonly sampling?: Partial<SamplingSettings> | undefined;
  readonly guidance?: Guidance | undefined;
  /** The number of the batch's first item among all samples of this seed. */
  readonly firstItem?: number | undefined;
  /** What may stand where; by default any id anywhere. */
  readonly layout?: TokenLayout | undefined;
}

/** A sampler with those settings; it holds no state. */
export function sampler(options: SamplerOptions): Sampler {
  const seed = check(
    "seed",
    "a whole number from 0 to 2^53 - 1",
    options.seed,
    isIntegerIn(0, Number.MAX_SAFE_INTEGER),
  );
  const firstItem = check("firstItem", "a whole number", options.firstItem ?? 0, isIntegerIn(0, 2 ** 31));
  const settings = samplingSettings(options.sampling);
  const guidance = options.guidance ?? UNGUIDED;
  const { layout } = options;
  return {
    draws(step, { conditional, unconditional }, seen) {
      const distribution = remembered(step.fill.length, (item, k) => {
        const allowed = layout?.allowed(step.fill[k]!);
        if (allowed?.kind === "forced") return certain(allowed.id);
        const [first, end] = allowed ? [allowed.first, allowed.last + 1] : [0, undefined];
        const row = rowOf(conditional, item, k).subarray(first, end);
        const scale = scaleAt(guidance, step.fill[k]!);
        if (scale !== 1 && !unconditional)
          throw new ShapeError("sampler", "guidance needs the unconditional logits", "Open the session as guided.");
        const guided = unconditional ? guide(row, rowOf(unconditional, item, k).subarray(first, end), scale) : row;
        return distributionOf(guided, settings, settings.repetitionPenalty === 1 ? [] : seen(item, k), first);
      });
      const id = remembered(step.fill.length, (item, k) => {
        const address = { seed, item: firstItem + item, position: step.fill[k]!, purpose: "token" } as const;
        return race(distribution(item, k), (id) => uniform(address, id));
      });
      const coin: Draws["coin"] = (item, position, purpose, index) =>
        uniform({ seed, item: firstItem + item, position, purpose }, index);
      return { id, distribution, coin };
    },
  };
}

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
