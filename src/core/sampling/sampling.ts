/**
 * From a row of logits to an id, in stages whose order is part of the result and is therefore in sight:
 *
 *     guidance -> [added first] -> repetition penalty -> temperature -> top-k -> top-p -> min-p -> softmax -> [added last] -> draw
 *
 * (guidance is in guidance.ts, since it needs two rows; stages in brackets are those that a caller adds). Temperature, top-k
 * and descending top-p are LlamaGen's, to the treatment of ties. A stage reads candidates and gives candidates; it writes into no argument and knows no randomness.
 */
import { check, type Options, withDefaults } from "../../base/check.js";
import { LogitsError } from "../../base/errors.js";
import { checkSampling } from "./ranges.js";
import { descend } from "./selection.js";

export interface SamplingSettings {
  /** Divides the logits; 0 takes the largest (the lowest id of equals). */
  readonly temperature: number;
  /** Keeps the k largest and what equals the k-th; 0 keeps all. */
  readonly topK: number;
  /** Keeps the fewest, largest first, whose probability together exceeds p; 1 keeps all. */
  readonly topP: number;
  /** From which end top-p adds up, which decides what happens to equals: see topP and topPAscending. */
  readonly topPOrder: "descending" | "ascending";
  /** Keeps what is at least this fraction as probable as the most probable; 0 keeps all. */
  readonly minP: number;
  /** Divides positive and multiplies negative logits of ids that occurred (Keskar et al. 2019, arXiv 1909.05858 §4.1); 1 is off. */
  readonly repetitionPenalty: number;
}

export const SAMPLING_DEFAULTS: SamplingSettings = Object.freeze({
  temperature: 1,
  topK: 0,
  topP: 1,
  topPOrder: "descending",
  minP: 0,
  repetitionPenalty: 1,
});

const RANGED = ["temperature", "topK", "topP", "minP", "repetitionPenalty"] as const;
const TOP_P_ORDERS: readonly SamplingSettings["topPOrder"][] = ["descending", "ascending"];

/** Completes and checks settings; each number out of range is an ArgumentError. */
export function samplingSettings(options: Options<SamplingSettings> = {}, where = "sampling"): SamplingSettings {
  const s = withDefaults(where, SAMPLING_DEFAULTS, options);
  for (const name of RANGED) checkSampling(name, s[name], `${where}.${name}`);
  check(`${where}.topPOrder`, '"descending" or "ascending"', s.topPOrder, (order) => TOP_P_ORDERS.includes(order));
  return s;
}

/** Ids still in the race, ascending, and their logits. */
export interface Candidates {
  readonly ids: Int32Array;
  readonly logits: Float32Array;
}

/** The ids that can be drawn, ascending, and their probabilities, which sum to 1. */
export interface Distribution {
  readonly ids: Int32Array;
  readonly probabilities: Float64Array;
}

/** What a stage does to the candidates, whatever the position. */
export type Stage = (candidates: Candidates) => Candidates;

/** The stages of these settings in the order of this file's header; those that change nothing are left out. */
function stagesOf(settings: SamplingSettings, history: () => Iterable<number>): readonly Stage[] {
  const { temperature: t, topK: k, topP: p, topPOrder, minP, repetitionPenalty: penalty } = settings;
  const stages: Stage[] = [];
  if (penalty !== 1) stages.push(repetition(penalty, history()));
  stages.push(t === 0 ? largest : temperature(t));
  if (k > 0) stages.push(topK(k));
  if (p < 1) stages.push(topPOrder === "ascending" ? topPAscending(p) : topP(p));
  if (minP > 0) stages.push(minimum(minP));
  return stages;
}

/** Where an id is drawn, for stages that depend on it. */
export interface DrawPoint {
  /** Number of the sample among those of the seed. */
  readonly item: number;
  readonly position: number;
  /** Ids that the item has before it, in order of positions; computed when asked for. */
  history(): readonly number[];
}

/** What callers add to the stages, each list in its order. See stages.ts for those that the library has. */
export interface AddedStages {
  /** Before all stages of the settings: masks of grammars, suppression, biases, penalties. */
  readonly first?: readonly ((candidates: Candidates, at: DrawPoint) => Candidates)[] | undefined;
  /** Behind the softmax; `before` are the candidates that came out of `first`. */
  readonly last?:
    | readonly ((distribution: Distribution, at: DrawPoint, before: Candidates) => Distribution)[]
    | undefined;
}

/**
 * The distribution of the next id: a row of (guided) logits [V] through the stages. `first` is the id of the first logit.
 * Logits of -Infinity are never drawn; a row with NaN or +Infinity, or with nothing left, is a LogitsError.
 */
export function distributionOf(
  row: Float32Array,
  settings: SamplingSettings,
  at: DrawPoint = NOWHERE,
  added: AddedStages = {},
  first = 0,
): Distribution {
  const all: Candidates = { ids: everyId(row.length, first), logits: row };
  const before = (added.first ?? []).reduce((left, stage) => stage(left, at), all);
  const { ids, logits } = stagesOf(settings, at.history).reduce((left, stage) => stage(left), before);
  const drawn: Distribution = { ids, probabilities: softmax(logits) };
  return (added.last ?? []).reduce((distribution, stage) => stage(distribution, at, before), drawn);
}

const NOWHERE: DrawPoint = { item: 0, position: 0, history: () => [] };

/** The distribution of an id that is not drawn but set. */
export const certain = (id: number): Distribution => ({ ids: Int32Array.of(id), probabilities: Float64Array.of(1) });

/** The probability of an id, 0 where the distribution does not have it: a search by halves. */
export function probabilityOf({ ids, probabilities }: Distribution, id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? probabilities[low]! : 0;
}

/** The id that a coin in [0, 1) selects: the first whose cumulative probability, in order of ids, exceeds it. */
export function draw({ ids, probabilities }: Distribution, coin: number): number {
  let below = 0;
  let last = 0;
  for (let i = 0; i < ids.length; i++) {
    const probability = probabilities[i]!;
    if (probability === 0) continue;
    below += probability;
    if (coin < below) return ids[i]!;
    last = i;
  }
  return ids[last]!; // the sum rounded to less than the coin; never an id of probability 0
}

/**
 * The id that wins a race: each runs for an exponential time at the rate of its probability, -log(1 - coin) / p with a coin of
 * its own, and the first one in is drawn with probability p (Gumbel-max; Maddison et al. 2014, arXiv 1411.0030 §2). Of two distributions
 * that differ little the winner is mostly the same, where draw() would shift at every id after the first difference.
 */
export function race({ ids, probabilities }: Distribution, coin: (id: number) => number): number {
  let winner = ids[0]!;
  let first = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ids.length; i++) {
    const time = -Math.log1p(-coin(ids[i]!)) / probabilities[i]!; // infinite, or not a number, at probability 0
    if (time < first) {
      first = time;
      winner = ids[i]!;
    }
  }
  return winner;
}

export const repetition =
  (penalty: number, seen: Iterable<number>): Stage =>
  ({ ids, logits }) => {
    const out = logits.slice();
    const counted = new Set(seen);
    ids.forEach((id, i) => {
      if (counted.has(id)) out[i] = out[i]! > 0 ? out[i]! / penalty : out[i]! * penalty;
    });
    return { ids, logits: out };
  };

export const temperature =
  (t: number): Stage =>
  ({ ids, logits }) => {
    const divisor = Math.fround(Math.max(t, 1e-5)); // LlamaGen's floor
    if (divisor === 1) return { ids, logits };
    const out = new Float32Array(logits.length); // a loop: map() with a function takes ten times as long
    for (let i = 0; i < out.length; i++) out[i] = logits[i]! / divisor;
    return { ids, logits: out };
  };

/** Temperature 0. */
export const largest: Stage = ({ ids, logits }) => {
  const most = maximum(logits);
  const at = logits.indexOf(most);
  return { ids: ids.slice(at, at + 1), logits: logits.slice(at, at + 1) };
};

export const topK =
  (k: number): Stage =>
  (candidates) => {
    if (k >= candidates.ids.length) return candidates;
    const { floor } = descend(candidates.logits, null, k - 0.5);
    return keepCandidates(candidates, (logit) => logit >= floor);
  };

/** LlamaGen's: descending, the candidate that crosses p is kept. Of equals at the crossing, the lowest ids. */
export const topP =
  (p: number): Stage =>
  (candidates) => {
    const { floor, count } = descend(candidates.logits, workingSoftmax(candidates.logits), p);
    let equals = count;
    return keepCandidates(candidates, (logit) => logit > floor || (logit === floor && equals-- > 0));
  };

/**
 * VAR's (arXiv 2404.02905, its code): ascending, what adds up to at most 1 - p is dropped; the largest stays whatever p is. Of
 * equals at the crossing, the highest ids stay. And of equals whose sum is p exactly, no more: four of 1/4 at p = 1/2 leave two
 * here, three in LlamaGen's order.
 */
export const topPAscending =
  (p: number): Stage =>
  (candidates) => {
    const probabilities = workingSoftmax(candidates.logits);
    // Those below an even share of 1 - p do not reach it together: they are dropped unsorted.
    const share = (1 - p) / probabilities.length;
    let sum = 0;
    const rest: number[] = [];
    for (let i = 0; i < probabilities.length; i++) {
      if (probabilities[i]! < share) sum += probabilities[i]!;
      else rest.push(probabilities[i]!);
    }
    const ascending = Float64Array.from(rest).sort();
    let dropped = 0;
    for (; dropped < ascending.length - 1; dropped++) {
      sum += ascending[dropped]!;
      if (sum > 1 - p) break;
    }
    const floor = ascending[dropped]!;
    let equals = dropped - ascending.indexOf(floor); // of these, the lowest ids are dropped
    return keepCandidates(
      candidates,
      (_, i) => probabilities[i]! > floor || (probabilities[i] === floor && equals-- <= 0),
    );
  };

export const minimum =
  (fraction: number): Stage =>
  (candidates) => {
    const floor = maximum(candidates.logits) + Math.log(fraction);
    return keepCandidates(candidates, (logit) => logit >= floor);
  };

/** Probabilities of logits, in float64; into `out` where given. */
export function softmax(logits: Float32Array, out: Float64Array = new Float64Array(logits.length)): Float64Array {
  const most = maximum(logits);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(logits[i]! - most);
  for (let i = 0; i < out.length; i++) out[i]! /= sum;
  return out;
}

function maximum(logits: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  let finite = true;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (logit > most) most = logit;
    if (Number.isNaN(logit)) finite = false;
  }
  if (!finite || !Number.isFinite(most)) throw new LogitsError("The model gave logits that are not numbers");
  return most;
}

/** The candidates for which `stays` holds. */
export function keepCandidates({ ids, logits }: Candidates, stays: (logit: number, i: number) => boolean): Candidates {
  const kept: number[] = [];
  for (let i = 0; i < ids.length; i++) if (stays(logits[i]!, i)) kept.push(i);
  const out = { ids: new Int32Array(kept.length), logits: new Float32Array(kept.length) };
  for (let n = 0; n < kept.length; n++) {
    out.ids[n] = ids[kept[n]!]!;
    out.logits[n] = logits[kept[n]!]!;
  }
  return out;
}

// A vocabulary's size of fresh memory a few times for each token costs more than the arithmetic on it; so these two are kept.

/** All ids from `first` on, as the last call left them if it asked for the same. */
function everyId(size: number, first: number): Int32Array {
  if (every.length === size && every[0] === first) return every;
  every = new Int32Array(size);
  for (let i = 0; i < size; i++) every[i] = first + i;
  return every;
}

let every = new Int32Array();

/** softmax() into memory that the next call uses again. */
function workingSoftmax(logits: Float32Array): Float64Array {
  if (working.length < logits.length) working = new Float64Array(logits.length);
  return softmax(logits, working.subarray(0, logits.length));
}

let working: Float64Array = new Float64Array();
