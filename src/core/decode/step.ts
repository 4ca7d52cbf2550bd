/**
 * What a strategy, a model and a sampler say to each other through the loop. A strategy plans passes and accepts what came
 * back; it touches no tensor, so it is tested without a model. `T` is what stands at a position: an id, a mixture of codes
 * (next-scale.ts), a latent vector. How the known strategies fill these fields:
 *
 *                  fed in a pass                      filled by it             sight      kept before it
 *   next-token     the last id                        the next position        causal     everything fed
 *   jacobi         the last id and the drafts         the window               causal     the agreeing prefix
 *   prompt-lookup  the last id and what followed       the next position and      causal     the agreeing prefix
 *                  it before                          the guesses
 *   run-lookup     the last id and the guesses        the window               causal     the agreeing prefix
 *   next-neighbor  the last anti-diagonal             the next anti-diagonal   block      everything fed
 *   regions        the last token of each region      the next of each         block      everything fed
 *   next-scale     the last scale                     the next scale           block      everything fed
 *   masked         everything known                   what is masked           block      nothing
 *   draft trees    the last id and the tree           behind each of these     ancestors  the accepted path
 */
import type { Address, Purpose } from "../../base/random.js";
import type { FloatTensor } from "../../engine/tensor.js";
import type { Sight } from "../masks.js";
import type { Distribution } from "../sampling/sampling.js";
import type { TokenLayout } from "./layout.js";

/** One pass over all items. Positions count what is generated, 0 … most-1; the condition is not among them. */
export interface Step<T = number> {
  /**
   * Which of the entries fed so far still hold, in the order of feeding; the session forgets the others first. A number: so
   * many of them. A list, ascending: exactly these, as where one path of a draft tree was accepted.
   */
  readonly keep: number | readonly number[];
  /** The positions of the new entries. Empty in the first pass of a strategy that starts from the condition alone. */
  readonly feed: readonly number[];
  /** What is fed there, [B][feed.length]: final values or drafts. */
  readonly values: readonly ArrayLike<T>[];
  /**
   * Where items differ in what they have, [B][feed.length]: 1 where an item has nothing at a fed position. Its value there is another
   * item's and means nothing.
   */
  readonly absent?: readonly Uint8Array[];
  /** What the new entries see of each other. */
  readonly sight: Sight;
  /** Positions to predict, one row of the prediction each, in this order. */
  readonly fill: readonly number[];
  /**
   * For draft trees, where several entries stand at one position: the index in `feed` of the entry behind which each of `fill`
   * stands. Without it the model decides by position alone.
   */
  readonly after?: readonly number[];
  /** How each item draws in this pass, where that changes from pass to pass. */
  readonly drawings?: readonly Drawing[];
}

/** How an item draws in a pass. */
export interface Drawing {
  /** What the temperature of the sampler is multiplied by; 0 takes the most probable. */
  readonly temperature: number;
  /** Tells apart the draws of a position that is drawn in several passes, 0 to 4095: each has coins of its own. */
  readonly attempt: number;
}

/** What a pass predicts: logits [B, fill.length, V], and the same without the condition where guidance asked for them. */
export interface Prediction {
  readonly conditional: FloatTensor;
  readonly unconditional: FloatTensor | null;
}

/** What the loop decodes: a session of a model, or a table of probabilities in a test. */
export interface Forward<T = number, P = Prediction> {
  readonly items: number;
  /** Runs one pass; without the unconditional half from the first one on that is not `guided`. */
  forward(step: Step<T>, guided?: boolean): Promise<P>;
}

/** The values drawn in one pass, computed when asked for. `item` is 0 … B-1, `k` an index into `fill`. */
export interface Draws<T = number> {
  /** What the coins of this item and position select. */
  value(item: number, k: number): T;
}

/** The draws of a model that predicts ids. */
export interface TokenDraws extends Draws {
  /** All that could have been drawn, with probabilities. */
  distribution(item: number, k: number): Distribution;
  /** The guided logit of an id, before all stages. */
  logit(item: number, k: number, id: number): number;
  /** A uniform number in [0, 1) of this item, a position and a purpose; `index` tells several of them apart. */
  coin(item: number, position: number, purpose: Purpose, index: number): number;
}

/** Positions of one item, and what stands there. */
export interface Accepted<T = number> {
  readonly positions: readonly number[];
  readonly values: readonly T[];
}

export interface Strategy<T = number, D = TokenDraws> {
  /** Items decoded together. */
  readonly items: number;
  /** Positions of an item; it may end earlier (see ending.ts). */
  readonly most: number;
  /** What may stand where; null: any id anywhere. */
  readonly layout: TokenLayout | null;
  /**
   * How many positions of an item are final when the pass begins that draws this one; at most, where drafts may fall. The item
   * matters where items go at their own pace.
   */
  drawnBefore(position: number, item?: number): number;
  /** The next pass, or null when every item is complete. */
  plan(): Step<T> | null;
  /** Takes the draws of the planned pass; answers what became final, an entry for each item. */
  accept(draws: D): readonly Accepted<T>[];
  /** What stands for now at positions that are not final, an entry for each item; for previews. */
  guesses?(): readonly Accepted<T>[];
  /** The same strategy, not begun, where these ids stand from the first pass on: for strategies that see in both directions. */
  around?(given: Given): Strategy<T, D>;
}

/** Positions that keep their ids whatever is drawn. */
export interface Given {
  /** Ids at all positions, [B][positions]. */
  readonly ids: readonly ArrayLike<number>[];
  /** For each position 1 where its id is kept and 0 where one is drawn, the same for all items. */
  readonly keep: ArrayLike<number>;
}

/** What the loop knows when the draws of a pass are made. */
export interface DrawContext<T = number> {
  readonly layout: TokenLayout | null;
  drawnBefore(position: number, item: number): number;
  /** What an item has when fill[k] is drawn, in order of positions: final values, and drafts before it that this pass feeds. */
  history(item: number, k: number): readonly T[];
}

/** Turns predictions into draws. */
export interface Sampler<T = number, P = Prediction, D = TokenDraws> {
  /** Whether a pass is to be run with and without the condition. Once it is not, no later pass is. */
  guided(step: Step<T>, context: DrawContext<T>): boolean;
  draws(step: Step<T>, prediction: P, context: DrawContext<T>): D | Promise<D>;
}

/** What stands at a position of a model that predicts ids: an id, or something made from ids that keeps the one drawn. */
export type Token = number | { readonly id: number };

export const idOf = (token: Token): number => (typeof token === "number" ? token : token.id);

/** Which items of their seed those of a batch are: the number of the first, which the others follow, or the number of each. */
export type ItemNumbers = number | readonly number[];

/** The seed that all items of a batch have, or that of each. */
export type ItemSeeds = number | readonly number[];

/** Where the draws of an item of the batch belong: its seed, and its number among all items of that seed. */
export const addressOf = (seeds: ItemSeeds, numbers: ItemNumbers, item: number): Pick<Address, "seed" | "item"> => ({
  seed: typeof seeds === "number" ? seeds : seeds[item]!,
  item: typeof numbers === "number" ? numbers + item : numbers[item]!,
});
