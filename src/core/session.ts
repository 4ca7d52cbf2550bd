/** One run of generation: all that changes while ids are made. The transformer itself is read-only and shared. */
import { ArgumentError, ClosedError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Memory } from "../engine/engine.js";
import { type FloatTensor, f32, i32, type Tensor, tensor } from "../engine/tensor.js";
import { type Condition, conditionInputs, itemsOf, promptMask } from "./condition.js";
import { derive, type TransformerConfig } from "./configs.js";
import { ordersOf } from "./decode/orders.js";
import type { Forward, Prediction, Step } from "./decode/step.js";
import { attentionBias, type PromptMask, type Sight } from "./masks.js";
import type { Transformer } from "./model.js";
import { HEADS, type Head, type Predictor, type Sequence, sequenceOf } from "./prediction.js";

export interface Session extends Forward, AsyncDisposable {
  /** Items of the batch; when guided, each has two rows in the model. */
  readonly items: number;
  /** Positions fed and kept. */
  readonly length: number;
  /**
   * Runs one pass. Forgets down to step.keep first. A position is predicted from what the model was trained to predict it
   * from (see prediction.ts), which this pass must feed, or from the condition for position 0, which then is run (again) in
   * the same pass. An ArgumentError says so where a strategy asks for anything else.
   */
  forward(step: Step): Promise<Prediction>;
  /** Forgets all fed positions from `length` on; costs nothing. */
  truncate(length: number): void;
  /** Item i becomes a copy of what item parents[i] was. */
  fork(parents: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly condition: Condition;
  /** Whether unconditional logits are made, too: twice the rows, [conditional …, unconditional …]. */
  readonly guided: boolean;
}

/** Opens a session for a batch of conditions; memory for the whole sequence is allocated here, once. */
export async function openSession(model: Transformer, { condition, guided }: SessionOptions): Promise<Session> {
  const items = itemsOf(condition);
  if (items < 1) throw new ArgumentError("condition", "at least one item", items);
  const vectors = await model.condition.run(conditionInputs(model.config.condition, condition, guided));
  const prefix = vectors.condition as FloatTensor; // [B or 2B, condition slots, C]
  const specials = (vectors.specials as FloatTensor | undefined)?.data ?? new Float32Array();
  const memory = await model.decoder.allocate({ B: prefix.shape[0]!, S: derive(model.config).slots });
  return new TransformerSession(model, memory, items, prefix, specials, promptMask(condition, guided));
}

class TransformerSession implements Session {
  private closed = false;
  private readonly sequence: Sequence;
  private readonly rows: number; // items, or twice as many when guided
  private readonly guided: boolean;
  private readonly conditionSlots: number;
  /** Slots that are filled with each fed position and what stands behind it. */
  private ends: number[] = [];

  constructor(
    private readonly model: Transformer,
    private readonly memory: Memory,
    readonly items: number,
    private prefix: FloatTensor,
    private readonly specials: Float32Array, // [special slots, C]
    private prompts: PromptMask,
  ) {
    const [rows, conditionSlots] = prefix.shape as [number, number];
    this.rows = rows;
    this.guided = rows > items;
    this.conditionSlots = conditionSlots;
    this.sequence = sequenceOf(model.config);
  }

  get length(): number {
    return this.ends.length;
  }

  truncate(length: number): void {
    if (this.closed) throw new ClosedError("session");
    if (!(Number.isInteger(length) && length >= 0 && length <= this.length))
      throw new ArgumentError("length", `a whole number from 0 to the ${this.length} positions kept`, length);
    if (length === this.length) return;
    this.memory.truncate(this.ends[length - 1] ?? this.conditionSlots);
    this.ends.length = length;
  }

  async forward(step: Step): Promise<Prediction> {
    const { keep, feed, fill, sight } = step;
    if (step.mixtures)
      throw new ArgumentError("step.mixtures", "ids: only next-scale models mix codes", described("mixtures of codes"));
    const fromStart = fill.includes(0);
    if (fromStart && keep > 0) throw new ArgumentError("step.keep", "0 in a pass that fills position 0", keep);
    this.truncate(keep);
    if (fromStart) this.memory.truncate(0); // what the condition predicted was not kept: it runs again
    const { visible: slots, length: filled } = this.memory;
    const lead = filled === 0 ? this.conditionSlots : 0; // slots of the condition in this pass
    const asked = fill.map((position) => this.sequence.predictors(position));
    const wanted = new Set(asked.flat().map(({ place }) => place));
    const groups = feed.map((position) => [this.place(position), ...this.behind(position, wanted)]);
    const places = [...Array(lead).keys(), ...groups.flat()];
    const inputs = {
      ...this.fed(step, places),
      bias: attentionBias({ slots, filled, fresh: places.length, lead, sight: spread(sight, groups) }, this.prompts),
      ...this.asked(step, asked, places),
    };
    const outputs = await this.model.decoder.run(inputs, this.memory);
    let end = filled + lead;
    for (const group of groups) this.ends.push((end += group.length));
    return halves(outputs.logits as FloatTensor, this.items);
  }

  async fork(parents: readonly number[]): Promise<void> {
    if (this.closed) throw new ClosedError("session");
    const rows = parentRows(parents, this.items, this.guided);
    await this.memory.fork(rows);
    this.prompts = this.prompts && rows.map((row) => this.prompts![row]!);
    this.prefix = forked(this.prefix, rows);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.memory.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private place(position: number): number {
    const { first, last } = this.sequence;
    if (!(Number.isInteger(position) && position >= 0 && position <= last))
      throw new ArgumentError("step.feed", `positions from 0 to ${last}`, position);
    return first + position;
  }

  /** Special slots follow a position only in a pass that asks one of them. */
  private behind(position: number, wanted: ReadonlySet<number>): readonly number[] {
    const places = this.sequence.behind(position);
    return places.some((place) => wanted.has(place)) ? places : [];
  }

  /** What stands in the T slots of a pass. Both halves of a guided batch are fed the same ids. */
  private fed(step: Step, places: readonly number[]): Readonly<Record<string, Tensor>> {
    const { width: C, vocabulary: V } = this.model.config;
    const { conditionSlots, rows, items } = this;
    const { first } = this.sequence;
    const T = places.length;
    const ids = new Int32Array(rows * T);
    const prefix = new Float32Array(rows * T * C);
    for (let row = 0; row < rows; row++) {
      const line = step.ids[row % items] ?? [];
      let token = 0;
      for (const [t, place] of places.entries()) {
        const at = row * T + t;
        if (place < conditionSlots) {
          const own = (row * conditionSlots + place) * C;
          prefix.set(this.prefix.data.subarray(own, own + C), at * C);
        } else if (place < first) {
          const own = (place - conditionSlots) * C;
          prefix.set(this.specials.subarray(own, own + C), at * C);
        } else {
          const id = line[token++]!;
          if (!(Number.isInteger(id) && id >= 0 && id < V))
            throw new ArgumentError("step.ids", `whole numbers from 0 to ${V - 1}`, id);
          ids[at] = id;
        }
      }
    }
    return {
      ids: tensor([rows, T], ids),
      isToken: f32(
        [T, 1],
        places.map((place) => (place < first ? 0 : 1)),
      ),
      prefix: tensor([rows, T, C], prefix),
      slots: i32([T], places),
    };
  }

  /** Which rows of the pass each head reads to predict the positions to fill, and what each counts in their means. */
  private asked(
    { fill }: Step,
    predictors: readonly (readonly Predictor[])[],
    places: readonly number[],
  ): Readonly<Record<string, Tensor>> {
    const { kind } = this.model.config.prediction;
    const heads: readonly Head[] = HEADS[kind];
    const rowOf = new Map(places.map((place, row) => [place, row]));
    const R = fill.length;
    const rows = heads.map(() => new Int32Array(R));
    const shares = heads.map(() => new Float32Array(R));
    predictors.forEach((own, r) => {
      for (const { place, head } of own) {
        const row = rowOf.get(place);
        if (row === undefined) throw unpredicted(fill[r]!, this.model.config);
        rows[head]![r] = row;
        shares[head]![r] = 1 / own.length;
      }
    });
    if (heads.length === 1) return { rows: tensor([R], rows[0]!) };
    return Object.fromEntries(
      heads.flatMap(({ name }, head) => [
        [`rows.${name}`, tensor([R], rows[head]!)],
        [`share.${name}`, tensor([R, 1], shares[head]!)],
      ]),
    );
  }
}

/** Logits of `items` rows, or of [conditional …, unconditional …] rows, as the two halves that they are. */
export function halves({ shape, data }: FloatTensor, items: number): Prediction {
  const [rows, R, V] = shape as [number, number, number];
  const half = [items, R, V];
  const size = items * R * V;
  return {
    conditional: tensor(half, data.subarray(0, size)),
    unconditional: rows > items ? tensor(half, data.subarray(size)) : null,
  };
}

/** Ranks of positions as ranks of slots: what stands behind a position sees and is seen as it is. */
const spread = (sight: Sight, groups: readonly (readonly number[])[]): Sight =>
  typeof sight === "string" ? sight : groups.flatMap((group, i) => group.map(() => sight[i]!));

function unpredicted(position: number, config: TransformerConfig): ArgumentError {
  const { kind } = config.prediction;
  const expected = `positions that a "${kind}" model predicts from what the same pass feeds`;
  const remedy = `Decode it in one of its own orders: ${ordersOf(config).join(", ")}.`;
  return new ArgumentError("step.fill", expected, position, remedy);
}

/** The parents of the model's rows, [conditional …, unconditional …] when guided. Refuses parents that are no items. */
export function parentRows(parents: readonly number[], items: number, guided: boolean): readonly number[] {
  const known = (parent: number) => Number.isInteger(parent) && parent >= 0 && parent < items;
  if (parents.length !== items || !parents.every(known))
    throw new ArgumentError(
      "parents",
      `${items} items from 0 to ${items - 1}`,
      described(`the parents ${parents.join(", ")}`),
    );
  return guided ? [...parents, ...parents.map((parent) => items + parent)] : parents;
}

/** Row i of the result is row parents[i] of x [B, ...]. */
export function forked({ shape, data }: FloatTensor, parents: readonly number[]): FloatTensor {
  const size = data.length / shape[0]!;
  const out = new Float32Array(parents.length * size);
  parents.forEach((parent, row) => {
    out.set(data.subarray(parent * size, (parent + 1) * size), row * size);
  });
  return tensor(shape.with(0, parents.length), out);
}
