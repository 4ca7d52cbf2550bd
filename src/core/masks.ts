/**
 * Which slot may see which, and the bias that attention adds to its scores because of it.
 *
 * A slot is a place in the cache: first the condition slots, then the positions that were fed. The bias of a pass covers
 * all S visible slots of the cache, filled or not, and then the T new ones: [1|B, 1, T, S+T], 0 where visible, HIDDEN elsewhere.
 */
import { HIDDEN } from "../engine/ops/attention.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";

/**
 * What the new slots of a pass see of each other. "causal": those before them and themselves. "block": all. A list of ranks,
 * one for each: those of no higher rank, so that one pass may stand for several (all diagonals of a grid, say).
 */
export type Sight = "causal" | "block" | readonly number[] | Ancestors;

/** A tree: each new slot sees those it descends from, and itself. */
export interface Ancestors {
  /** For each new slot the index of its parent among them, which comes before it; -1 for a root. */
  readonly parents: readonly number[];
}

/** For each item a 1 for every condition slot that holds something and a 0 for padding; null: all slots hold something. */
export type PromptMask = readonly Uint8Array[] | null;

export interface PassShape {
  /** Slots of the cache that the pass sees, and how many of them are filled. */
  readonly slots: number;
  readonly filled: number;
  /** New slots of this pass; the first of them is slot number `filled`. */
  readonly fresh: number;
  /** How many of the new slots are the condition's, which are causal whatever the sight. */
  readonly lead: number;
  readonly sight: Sight;
}

/**
 * LlamaGen's rule for one item: what lies behind is visible, except padding of the prompt; every slot sees itself, also a
 * padded one, which then sees nothing else. (The reference multiplies the columns by the mask, then forces the diagonal.)
 */
export function visible(query: number, key: number, prompt: Uint8Array | null): boolean {
  if (key === query) return true;
  return key < query && (prompt === null || key >= prompt.length || prompt[key] === 1);
}

/** The bias of one pass: one for all items without a prompt mask, else one per item. */
export function attentionBias(pass: PassShape, prompts: PromptMask): FloatTensor {
  const { slots, filled, fresh, lead, sight } = pass;
  const width = slots + fresh;
  const items: readonly (Uint8Array | null)[] = prompts ?? [null];
  const data = new Float32Array(items.length * fresh * width).fill(HIDDEN);
  let row = 0;
  for (const prompt of items) {
    for (let t = 0; t < fresh; t++, row += width) {
      const query = filled + t;
      const prompted = Math.min(filled, prompt?.length ?? 0);
      for (let key = 0; key < prompted; key++) if (visible(query, key, prompt)) data[row + key] = 0;
      data.fill(0, row + prompted, row + filled);
      for (let u = 0; u < fresh; u++) {
        const seen = t < lead || u < lead ? visible(query, filled + u, prompt) : sees(sight, t - lead, u - lead);
        if (seen) data[row + slots + u] = 0;
      }
    }
  }
  return tensor([items.length, 1, fresh, width], data);
}

/** Whether the t-th new slot behind the condition sees the u-th. */
function sees(sight: Sight, t: number, u: number): boolean {
  if (sight === "block") return true;
  if (sight === "causal") return u <= t;
  if (!("parents" in sight)) return sight[u]! <= sight[t]!;
  for (let at = t; at >= 0; at = sight.parents[at]!) if (at === u) return true;
  return false;
}
