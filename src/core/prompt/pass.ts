/**
 * A pass over a batch of prompts, padded on the left so that all end at the same slot, and over what is generated after them. What
 * every architecture that continues a text is fed: ids, positions that count no padding, and who sees whom.
 */
import { HIDDEN } from "../../engine/ops/attention.js";
import { type FloatTensor, type Tensor, tensor } from "../../engine/tensor.js";
import { attentionBias, type Sight } from "../masks.js";

/** `rows` of the model; a row is a prompt, or the same prompt without its condition. */
export interface PromptPass {
  /** [rows][T]; any id where a row is padded. */
  readonly ids: readonly ArrayLike<number>[];
  /** Padded slots at the front of each row. */
  readonly pads: readonly number[];
  /** Slots of the prompts, padding included. */
  readonly promptSlots: number;
  /** Slots of the memory that this pass sees, and how many of them are filled. */
  readonly visible: number;
  readonly filled: number;
  /** Where each of the T stands in the sequence, [T]; the first prompt slot is 0. Filled slots stand where their number says. */
  readonly places: readonly number[];
  /** How many of the new slots are the prompt's, which are causal whatever the sight. */
  readonly lead: number;
  /** What the other new slots see of each other. */
  readonly sight: Sight;
}

/** Inputs that follow from a pass alone. */
export interface PromptInputs {
  /** [rows, T]. */
  readonly ids: Tensor;
  /** Positions [rows][T], 0 at padding. */
  readonly positions: readonly Int32Array[];
  /** Positions of each row's prompt. */
  readonly lengths: readonly number[];
  /** [rows, 1, T, visible + T], for layers that see the last `window` positions, or all at null. */
  bias(window: number | null): FloatTensor;
}

export function promptInputs(pass: PromptPass): PromptInputs {
  const { pads, promptSlots, places } = pass;
  const [rows, T] = [pads.length, places.length];
  const ids = new Int32Array(rows * T);
  pass.ids.forEach((line, row) => ids.set(line, row * T));
  const positions = pads.map((pad) => Int32Array.from(places, (place) => Math.max(0, place - pad)));
  const masks = pads.map((pad) => Uint8Array.from({ length: promptSlots }, (_, slot) => (slot < pad ? 0 : 1)));
  const { visible, filled, lead, sight } = pass;
  const shape = { slots: visible, filled, fresh: T, lead, sight };
  const all = attentionBias(shape, masks);
  // New padding is hidden from new slots; it sees itself, so that its rows stay numbers.
  for (let row = 0; row < rows; row++)
    for (let t = 0; t < T; t++)
      for (let u = 0; u < T; u++)
        if (u !== t && places[u]! < pads[row]!) all.data[(row * T + t) * (visible + T) + visible + u] = HIDDEN;
  return {
    ids: tensor([rows, T], ids),
    positions,
    lengths: pads.map((pad) => promptSlots - pad),
    bias: (window) => (window === null ? all : windowed(all, pass, window)),
  };
}

/** The bias with all keys hidden that stand `window` positions or more after their query. */
function windowed({ shape, data }: FloatTensor, { visible, filled, places }: PromptPass, window: number): FloatTensor {
  const T = places.length;
  const width = visible + T;
  const out = data.slice();
  for (let start = 0, row = 0; start < out.length; start += width, row++) {
    const last = places[row % T]! - window; // the nearest place that is out of sight
    out.fill(HIDDEN, start, start + Math.max(0, Math.min(filled, last + 1)));
    for (let u = 0; u < T; u++) if (places[u]! <= last) out[start + visible + u] = HIDDEN;
  }
  return tensor(shape, out);
}
