/**
 * What a decoding strategy and the loop say to each other. A strategy plans passes and accepts what came back; it touches no
 * tensor, so it is tested without a model. How the known strategies fill these fields:
 *
 *                  fed in a pass                      filled by it             sight    kept before it
 *   next-token     the last id                        the next position        causal   everything fed
 *   jacobi         the last id and the drafts         the window               causal   the agreeing prefix
 *   next-neighbor  the last anti-diagonal             the next anti-diagonal   block    everything fed
 *   regions        the last token of each region      the next of each         block    everything fed
 *   next-scale     the last scale                     the next scale           block    everything fed
 *   masked         everything known                   everything unknown       block    nothing
 *
 * How many logits rows a pass makes, and out of which heads, is the session's affair: one row for each filled position.
 */
import type { Purpose } from "../../base/random.js";
import type { FloatTensor } from "../../engine/tensor.js";
import type { Sight } from "../masks.js";
import type { Distribution } from "../sampling.js";

/** One pass over all items. Positions count the generated tokens, 0 … total-1; the condition is not among them. */
export interface Step {
  /** Of the positions fed so far, in the order of feeding, this many still hold; the session forgets the others first. */
  readonly keep: number;
  /** Positions whose ids are fed. Empty in the first pass of a strategy that starts from the condition alone. */
  readonly feed: readonly number[];
  /** The ids fed, [B][feed.length]: final ones or drafts. */
  readonly ids: readonly ArrayLike<number>[];
  /** Next-scale only: where given, mixtures of codes are fed instead of the ids, [B][feed.length]. */
  readonly mixtures?: readonly (readonly Distribution[])[];
  /** Of the positions fed; ranks are listed like them. */
  readonly sight: Sight;
  /** Positions to predict, one row of logits each, in this order. */
  readonly fill: readonly number[];
}

/** What a pass predicts: [B, fill.length, V], and the same without the condition when the session is guided. */
export interface Prediction {
  readonly conditional: FloatTensor;
  readonly unconditional: FloatTensor | null;
}

/** What the loop decodes: a transformer's session, or a table of probabilities in a test. */
export interface Forward {
  readonly items: number;
  forward(step: Step): Promise<Prediction>;
}

/** The samples of one pass, computed when asked for. `item` is 0 … B-1, `k` an index into `fill`. */
export interface Draws {
  /** The id that the coins of this item and position select. */
  id(item: number, k: number): number;
  /** All that could have been drawn, with probabilities. */
  distribution(item: number, k: number): Distribution;
  /** A uniform number in [0, 1) of this item, a position and a purpose; `index` tells several of them apart. */
  coin(item: number, position: number, purpose: Purpose, index: number): number;
}

/** Positions that became final for one item, and their ids. */
export interface Accepted {
  readonly positions: readonly number[];
  readonly ids: readonly number[];
  /** What stands there instead of the ids, where the strategy mixes codes. */
  readonly mixtures?: readonly Distribution[];
}

export interface Strategy {
  /** Items decoded together. */
  readonly items: number;
  /** Positions of each item. */
  readonly total: number;
  /** How many positions of an item are final when the pass begins that draws this one; at most, where drafts may fall. */
  drawnBefore(position: number): number;
  /** The next pass, or null when every position of every item is final. */
  plan(): Step | null;
  /** Takes the samples of the planned pass; answers what became final, an entry for each item. */
  accept(draws: Draws): readonly Accepted[];
}
