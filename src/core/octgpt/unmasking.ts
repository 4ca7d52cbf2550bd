/**
 * How OctGPT's octrees come to be (arXiv 2504.09975 §3.3, and the authors' code): depth by depth, each unmasked in an order of chance;
 * towards the end of a depth, what stands and looks doubtful is drawn anew.
 */
import { check } from "../../base/check.js";
import { uniform } from "../../base/random.js";
import type { Board, GroupsOf, MaskedGroup } from "../decode/masked/group.js";
import { masked, randomRanks } from "../decode/masked/masked.js";
import { SCHEDULES } from "../decode/masked/schedules.js";
import { rowOf } from "../decode/sampler.js";
import type { Draws, ItemNumbers, ItemSeeds, Prediction, Sampler, Strategy } from "../decode/step.js";
import type { OctgptConfig } from "./config.js";
import { childPositions, depthOf, fullPositions, positionCount } from "./octree.js";

/** Draws of bits, each by itself. */
export interface BitDraws extends Draws {
  /** Two logits for each bit of fill[k], of 0 and of 1. */
  logits(item: number, k: number): Float32Array;
}

/** The part of the passes after which doubtful nodes are drawn anew, and which part of those that seem wrong. */
const REVISED_AFTER = 0.7;
const REVISED = { split: 0.2, codes: 0.1 } as const;

/** The depths of an octree as groups that are unmasked one after the other. */
export function octreeGroups(config: OctgptConfig): GroupsOf<number, BitDraws> {
  const { fullDepth, codeDepth, unmasking } = config;
  return (n, _, values) => {
    const depth = fullDepth + n;
    if (depth > codeDepth) return null;
    let positions = fullPositions(config);
    for (let d = fullDepth; d < depth; d++) positions = childPositions(config, d, positions, (at) => values[at] === 1);
    const { passes, temperature } = unmasking[n]!;
    const group: MaskedGroup<number, BitDraws> = {
      ...{ positions, passes, schedule: SCHEDULES.cosine, confidence: null },
      temperature: { from: temperature, to: temperature / passes },
      revision: { after: REVISED_AFTER, doubtful: depth < codeDepth ? doubtfulSplits : doubtfulCodes },
    };
    return group;
  };
}

/** Octrees of a seed; `firstItem` says which among all of it. */
export const unmaskOctrees = (
  items: number,
  config: OctgptConfig,
  seed: ItemSeeds,
  firstItem: ItemNumbers,
): Strategy<number, BitDraws> =>
  masked(items, positionCount(config), octreeGroups(config), randomRanks(seed, firstItem));

/** The configuration with so many passes at each depth; null: with its own. Throws ArgumentError for another number of depths. */
export function withPasses(config: OctgptConfig, passes: readonly number[] | null): OctgptConfig {
  if (passes === null) return config;
  const { unmasking } = config;
  check(
    "decoding.passes",
    `${unmasking.length} numbers, one for each depth`,
    passes.length,
    (n) => n === unmasking.length,
  );
  return { ...config, unmasking: unmasking.map((depth, i) => ({ ...depth, passes: passes[i]! })) };
}

/**
 * Of the nodes that stand with the less likely bit, a part, beginning with the least likely. As in the authors' code, those that this pass
 * draws for the first time count as wrong, and as split.
 */
export function doubtfulSplits(board: Board<number>, draws: BitDraws): readonly number[] {
  const nodes = board.positions.map((position) => {
    const logits = draws.logits(board.item, board.k(position));
    const value = board.value(position);
    const wrong = !board.staysMasked(position) && value !== (logits[1]! > logits[0]! ? 1 : 0);
    return { position, wrong, score: -logits[value ?? 1]! };
  });
  return worst(board, nodes, Math.floor(REVISED.split * nodes.filter(({ wrong }) => wrong).length));
}

/** Of the nodes with bits that are the less likely ones, a part, beginning with those that have most of them. */
export function doubtfulCodes(board: Board<number>, draws: BitDraws): readonly number[] {
  const nodes = board.positions.map((position) => {
    const logits = draws.logits(board.item, board.k(position));
    const value = board.value(position);
    let score = 0;
    if (!board.staysMasked(position))
      for (let bit = 0; 2 * bit < logits.length; bit++)
        if (value === null || ((value >>> bit) & 1) !== (logits[2 * bit + 1]! > logits[2 * bit]! ? 1 : 0)) score++;
    return { position, score };
  });
  return worst(board, nodes, Math.floor(REVISED.codes * nodes.filter(({ score }) => score > 0).length));
}

/** The `count` nodes of the highest score, equals in their order, without those that stay masked. */
const worst = (
  board: Board<number>,
  nodes: readonly { readonly position: number; readonly score: number }[],
  count: number,
): readonly number[] =>
  nodes
    .toSorted((a, b) => b.score - a.score)
    .slice(0, count)
    .map(({ position }) => position)
    .filter((position) => !board.staysMasked(position));

/** Whether a bit is set, for two logits, a temperature and a coin in [0, 1): at temperature 0, whether that is likelier. */
export function bitOf(zero: number, one: number, temperature: number, coin: number): 0 | 1 {
  if (temperature === 0) return one > zero ? 1 : 0;
  return coin >= 1 / (1 + Math.exp((one - zero) / temperature)) ? 1 : 0;
}

/** Draws bits, each with a coin of its own for each attempt. `temperature` multiplies those of the depths. */
export function bitSampler(
  config: OctgptConfig,
  { seed, firstItem, temperature }: { readonly seed: number; readonly firstItem: number; readonly temperature: number },
): Sampler<number, Prediction, BitDraws> {
  return {
    guided: () => false,
    draws({ fill, drawings }, { conditional }) {
      const logits = (item: number, k: number) => bitLogits(config, fill[k]!, rowOf(conditional, item, k));
      return {
        logits,
        value(item, k) {
          const of = logits(item, k);
          const { temperature: own, attempt } = drawings?.[item] ?? { temperature: 1, attempt: 0 };
          const address = { seed, item: firstItem + item, position: fill[k]!, purpose: "token" } as const;
          let value = 0;
          for (let bit = 0; 2 * bit < of.length; bit++) {
            const coin = uniform(address, attempt * MOST_BITS + bit);
            value |= bitOf(of[2 * bit]!, of[2 * bit + 1]!, temperature * own, coin) << bit;
          }
          return value;
        },
      };
    },
  };
}

/** Coins of one attempt. */
const MOST_BITS = 32;

/** Of a row of the network, the logits that belong to a position: whether it is split, or the bits of its code. */
export const bitLogits = (config: OctgptConfig, position: number, row: Float32Array): Float32Array =>
  depthOf(config, position) < config.codeDepth ? row.subarray(0, 2) : row.subarray(2);
