/** What stands in the slots of a pass of a segmenter: words, patches of the picture, corners, patches of the box, the shape. */
import { ArgumentError } from "../../base/errors.js";
import { type Box, centres, sampled } from "../../base/plane.js";
import { described } from "../../base/words.js";
import { type FloatTensor, f32, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Filled, Model } from "../architecture.js";
import type { Step } from "../decode/step.js";
import { checkInOrder } from "../in-order.js";
import { anglesOf } from "../llama/rope.js";
import { attentionBias } from "../masks.js";
import { CORNERS, deriveSegmenter, ROPE, type SegmenterConfig, slotOf, trunkOf } from "./config.js";

/** What a batch begins with. */
export interface SegmenterStart {
  /** Ids of the words of each item, 0 … words - 1. None means everything that stands before the background. */
  readonly captions: readonly (readonly number[])[];
  /** The picture of each item, [B, 3, side, side] in [-1, 1]; null: none, the words alone say what the mask shows. */
  readonly pictures: FloatTensor | null;
  /** The box of two corners, as the tokenizer of masks has it. */
  readonly boxOf: (corners: readonly number[]) => Box;
}

type SegmenterModel = Model<SegmenterConfig, SegmenterStart, number>;

/** Begins a batch. Throws ArgumentError for no item, too many words, unknown ones, or other pictures than there are items. */
export async function feedSegmenter(
  model: SegmenterModel,
  start: SegmenterStart,
  guided: boolean,
): Promise<Feeder<number>> {
  const { captionSlots, words, side } = model.config;
  const { captions, pictures } = start;
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
  const unconditional = captions.map(() => []); // that half has no words
  const rows = (guided ? [...captions, ...unconditional] : captions).map((caption, row) => {
    return { caption, picture: row % captions.length, corners: [] };
  });
  return new SegmenterFeeder(model, start, rows);
}

/** What a row of the model is about. */
interface Row {
  readonly caption: readonly number[];
  /** Number of its picture. */
  readonly picture: number;
  /** The first mask tokens, as they were fed last. */
  readonly corners: readonly number[];
}

/** What stands in a slot: an id of the table, or a patch of a look. */
type Slot = { readonly ids: readonly number[] } | { readonly look: 0 | 1; readonly patch: number };

class SegmenterFeeder implements Feeder<number> {
  readonly items: number;
  length = 0; // mask tokens fed and kept

  constructor(
    private readonly model: SegmenterModel,
    private readonly start: SegmenterStart,
    private lines: readonly Row[],
  ) {
    this.items = start.captions.length;
  }

  get rows(): number {
    return this.lines.length;
  }

  get slots(): number {
    return deriveSegmenter(this.model.config).slots;
  }

  truncate(length: number): number {
    this.length = Math.min(this.length, length);
    return slotOf(this.length, this.model.config);
  }

  keep(entries: readonly number[]): readonly number[] {
    this.length = entries.length;
    const { lead, second } = deriveSegmenter(this.model.config);
    const from = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);
    const behind = (entry: number) => (entry === CORNERS - 1 ? from(this.slot(entry) + 1, second) : []);
    return [...from(0, lead), ...entries.flatMap((entry) => [this.slot(entry), ...behind(entry)])];
  }

  fork(rows: readonly number[]): void {
    this.lines = rows.map((row) => this.lines[row]!);
  }

  async passes(step: Step<number>, { visible, length }: Filled) {
    const begun = length > 0;
    const known = this.length;
    checkInOrder(step, known, begun);
    this.lines = this.lines.map((line, row) => {
      const fed = step.values[row % this.items]!;
      return { ...line, corners: [...line.corners.slice(0, known), ...Array.from(fed)].slice(0, CORNERS) };
    });
    const groups = [...(begun ? [] : [this.opening()]), ...step.feed.flatMap((_, i) => this.fed(step, i, known))];
    const slots = groups.flat();
    const ranks = groups.flatMap((group, rank) => group.map(() => rank)); // those of a group see each other
    this.length += step.feed.length;
    const T = slots.length;
    const everyRow = <V>(value: V): V[] => this.lines.map(() => value);
    const places = Array.from({ length: T }, (_, t) => length + t);
    const shape = { slots: visible, filled: length, fresh: T, lead: 0, sight: ranks };
    return [
      {
        ...(await this.filled(slots)),
        [`angles.${ROPE}`]: anglesOf(trunkOf(this.model.config).ropes[ROPE]!, everyRow(places), everyRow(0)),
        bias: attentionBias(shape, everyRow(new Uint8Array())),
        rows: i32(
          [step.fill.length],
          step.fill.map((position) => this.slot(position) - 1 - length),
        ),
      },
    ];
  }

  private slot(position: number): number {
    return slotOf(position, this.model.config);
  }

  /** Words, the whole picture, the mark. */
  private opening(): Slot[] {
    const { captionSlots, vocabulary } = this.model.config;
    const words = Array.from({ length: captionSlots }, (_, slot) => ({
      ids: this.lines.map(({ caption }) => vocabulary + (caption[slot] ?? 0)),
    }));
    return [...words, ...this.look(0), this.mark("begin")];
  }

  /** The i-th token that a step feeds, and the second look behind the last corner. */
  private fed({ values }: Step<number>, i: number, known: number): Slot[][] {
    const token = { ids: this.lines.map((_, row) => values[row % this.items]![i]!) };
    return known + i === CORNERS - 1 ? [[token], this.look(1), [this.mark("closer")]] : [[token]];
  }

  private look(look: 0 | 1): Slot[] {
    return Array.from({ length: deriveSegmenter(this.model.config).patches }, (_, patch) => ({ look, patch }));
  }

  private mark(name: "begin" | "closer"): Slot {
    return { ids: this.lines.map(() => deriveSegmenter(this.model.config)[name]) };
  }

  /** The inputs that say what stands in the slots. */
  private async filled(slots: readonly Slot[]): Promise<Readonly<Record<string, Tensor>>> {
    const { width: C } = this.model.config;
    const [B, T] = [this.lines.length, slots.length];
    const ids = new Int32Array(B * T);
    const vectors = new Float32Array(B * T * C);
    const looks = new Map<number, FloatTensor>();
    for (const [t, slot] of slots.entries()) {
      if ("ids" in slot) {
        for (const [row, id] of slot.ids.entries()) ids[row * T + t] = id;
        continue;
      }
      const { look, patch } = slot;
      if (!looks.has(look)) looks.set(look, await this.seen(look));
      const { data, shape } = looks.get(look)!;
      for (let row = 0; row < B; row++)
        vectors.set(data.subarray((row * shape[1]! + patch) * C, (row * shape[1]! + patch + 1) * C), (row * T + t) * C);
    }
    const isId = slots.map((slot) => ("ids" in slot ? 1 : 0));
    return { ids: tensor([B, T], ids), vectors: tensor([B, T, C], vectors), isId: f32([T, 1], isId) };
  }

  /** The vectors of the patches of a look, [rows, P, C]; zeros where there is no picture. */
  private async seen(look: 0 | 1): Promise<FloatTensor> {
    const { captionSlots, vocabulary, side, width } = this.model.config;
    const { patches } = deriveSegmenter(this.model.config);
    const B = this.lines.length;
    if (!this.start.pictures) return tensor([B, patches, width], new Float32Array(B * patches * width));
    const pictures = new Float32Array(B * 3 * side * side);
    const words = new Int32Array(B * captionSlots).fill(vocabulary);
    const counts = new Float32Array(B * captionSlots);
    for (const [row, line] of this.lines.entries()) {
      pictures.set(look === 0 ? this.picture(line) : this.closer(line), row * 3 * side * side);
      const said = line.caption.filter((id) => id > 0); // 0 is padding
      for (const [slot, id] of line.caption.entries()) {
        words[row * captionSlots + slot] = vocabulary + id;
        counts[row * captionSlots + slot] = id > 0 ? 1 / said.length : 0;
      }
    }
    const inputs = {
      pictures: tensor([B, 3, side, side], pictures),
      words: tensor([B, captionSlots], words),
      counts: tensor([B, captionSlots, 1], counts),
      look: i32([1], [look]),
    };
    return (await this.model.condition!.run(inputs)).vectors as FloatTensor;
  }

  private picture({ picture }: Row): Float32Array {
    const size = 3 * this.model.config.side ** 2;
    return this.start.pictures!.data.subarray(picture * size, (picture + 1) * size);
  }

  /** What is in the row's box and a little around it, as large as the picture; grey beyond its edge. */
  private closer(row: Row): Float32Array {
    const { side, grown } = this.model.config;
    const [top, left, bottom, right] = this.start.boxOf(row.corners);
    const along = (start: number, end: number) =>
      centres(start - grown * (end - start), end + grown * (end - start), side, side);
    const [rows, columns] = [along(top, bottom), along(left, right)];
    const whole = this.picture(row);
    const out = new Float32Array(3 * side * side);
    for (let plane = 0; plane < 3; plane++) {
      const data = whole.subarray(plane * side * side, (plane + 1) * side * side);
      out.set(sampled({ width: side, height: side, data }, rows, columns, "zeros"), plane * side * side);
    }
    return out;
  }
}
