/** What stands in the slots of a pass of a segmenter: words, patches of the picture, the mark, mask tokens. */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type FloatTensor, f32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Filled, Model } from "../architecture.js";
import type { Step } from "../decode/step.js";
import { rowsInOrder } from "../in-order.js";
import { anglesOf } from "../llama/rope.js";
import { attentionBias } from "../masks.js";
import { deriveSegmenter, ROPE, type SegmenterConfig, trunkOf } from "./config.js";

/** What a batch begins with. */
export interface SegmenterStart {
  /** Ids of the words of each item, 0 … words - 1. None means everything that stands before the background. */
  readonly captions: readonly (readonly number[])[];
  /** The picture of each item, [B, 3, side, side] in [-1, 1]; null: none, the words alone say what the mask shows. */
  readonly pictures: FloatTensor | null;
}

/** Begins a batch. Throws ArgumentError for no item, too many words, unknown ones, or other pictures than there are items. */
export async function feedSegmenter(
  { config, condition }: Model<SegmenterConfig, SegmenterStart, number>,
  { captions, pictures }: SegmenterStart,
  guided: boolean,
): Promise<Feeder<number>> {
  const { captionSlots, words, side, width } = config;
  if (captions.length < 1) throw new ArgumentError("captions", "at least one item", captions.length);
  for (const caption of captions) {
    if (caption.length > captionSlots)
      throw new ArgumentError("captions", `at most ${captionSlots} words`, caption.length);
    const stray = caption.find((id) => !(Number.isInteger(id) && id >= 0 && id < words));
    if (stray !== undefined) throw new ArgumentError("captions", `ids of words below ${words}`, stray);
  }
  const shape = [captions.length, 3, side, side];
  if (pictures && pictures.shape.join() !== shape.join())
    throw new ArgumentError("pictures", `a tensor [${shape}]`, described(`a tensor [${pictures.shape}]`));
  const { patches } = deriveSegmenter(config);
  const none = tensor([captions.length, patches, width], new Float32Array(captions.length * patches * width));
  const vectors = pictures ? ((await condition!.run({ pictures })).vectors as FloatTensor) : none;
  return new SegmenterFeeder(config, captions, vectors, guided);
}

class SegmenterFeeder implements Feeder<number> {
  readonly items: number;
  readonly slots: number;
  length = 0; // mask tokens fed and kept
  private readonly lead: number;
  private order: readonly number[]; // of each row, the row that it began as

  constructor(
    private readonly config: SegmenterConfig,
    private readonly captions: readonly (readonly number[])[],
    private readonly vectors: FloatTensor,
    guided: boolean,
  ) {
    this.items = captions.length;
    ({ lead: this.lead, slots: this.slots } = deriveSegmenter(config));
    this.order = Array.from({ length: (guided ? 2 : 1) * this.items }, (_, row) => row);
  }

  get rows(): number {
    return this.order.length;
  }

  truncate(length: number): number {
    this.length = Math.min(this.length, length);
    return this.lead + this.length;
  }

  keep(entries: readonly number[]): readonly number[] {
    this.length = entries.length;
    return [...Array.from({ length: this.lead }, (_, slot) => slot), ...entries.map((entry) => this.lead + entry)];
  }

  fork(rows: readonly number[]): void {
    this.order = rows.map((row) => this.order[row]!);
  }

  async passes(step: Step, { visible, length }: Filled) {
    const { feed, values } = step;
    const lead = length === 0 ? this.lead : 0;
    const T = lead + feed.length;
    const rows = rowsInOrder(step, this.length, length > 0, T);
    // Words and patches see each other; what comes behind them sees what came before it.
    const sight = Array.from({ length: T }, (_, t) => Math.max(0, t - lead + 1));
    const shape = { slots: visible, filled: length, fresh: T, lead: 0, sight };
    const slots = Array.from({ length: T }, (_, t) => length + t);
    this.length += feed.length;
    const everyRow = <V>(value: V): V[] => this.order.map(() => value);
    return [
      {
        ...this.fed(T, lead, values),
        [`angles.${ROPE}`]: anglesOf(trunkOf(this.config).ropes[ROPE]!, everyRow(slots), everyRow(0)),
        bias: attentionBias(shape, everyRow(new Uint8Array())),
        rows,
      },
    ];
  }

  /** What stands in the T slots of a pass, of which `lead` come before the mask tokens. */
  private fed(T: number, lead: number, values: readonly ArrayLike<number>[]): Readonly<Record<string, Tensor>> {
    const { captionSlots, vocabulary, width: C } = this.config;
    const { patches, begin } = deriveSegmenter(this.config);
    const B = this.order.length;
    const ids = new Int32Array(B * T);
    const vectors = new Float32Array(B * T * C);
    const isPatch = (slot: number) => slot >= captionSlots && slot < captionSlots + patches;
    for (const [row, began] of this.order.entries()) {
      const item = began % this.items;
      if (lead > 0) {
        const caption = began < this.items ? this.captions[item]! : []; // the unconditional half has no words
        for (let slot = 0; slot < captionSlots; slot++) ids[row * T + slot] = vocabulary + (caption[slot] ?? 0);
        ids[row * T + lead - 1] = begin;
        const own = this.vectors.data.subarray(item * patches * C, (item + 1) * patches * C);
        vectors.set(own, (row * T + captionSlots) * C);
      }
      const line = values[row % this.items]!;
      for (let i = 0; i < line.length; i++) ids[row * T + lead + i] = line[i]!;
    }
    const isId = Array.from({ length: T }, (_, slot) => (lead > 0 && isPatch(slot) ? 0 : 1));
    return { ids: tensor([B, T], ids), vectors: tensor([B, T, C], vectors), isId: f32([T, 1], isId) };
  }
}
