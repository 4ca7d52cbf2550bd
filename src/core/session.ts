/** One run of generation: all that changes while ids are made. The transformer itself is read-only and shared. */
import { ArgumentError, ClosedError } from "../base/errors.js";
import type { Memory } from "../engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../engine/tensor.js";
import { type Condition, conditionInputs, itemsOf, promptMask } from "./condition.js";
import { derive } from "./configs.js";
import type { Forward, Prediction, Step } from "./decode/step.js";
import { attentionBias, type PromptMask } from "./masks.js";
import type { Transformer } from "./model.js";

export interface Session extends Forward, AsyncDisposable {
  /** Items of the batch; when guided, each has two rows in the model. */
  readonly items: number;
  /** Positions fed and kept. */
  readonly length: number;
  /**
   * Runs one pass. Forgets down to step.keep first. Position p is predicted from what was fed at p-1, or from the condition
   * for p = 0, which then is run (again) in the same pass; so a fill beyond what this pass feeds is refused.
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
  const { condition: vectors } = await model.condition.run(conditionInputs(model.config.condition, condition, guided));
  const prefix = vectors as FloatTensor; // [B or 2B, condition slots, C]
  const memory = await model.decoder.allocate({ B: prefix.shape[0]!, S: derive(model.config).slots });
  return new TransformerSession(model, memory, items, prefix, promptMask(condition, guided));
}

class TransformerSession implements Session {
  private closed = false;
  private readonly rows: number; // items, or twice as many when guided
  private readonly guided: boolean;
  private readonly conditionSlots: number;

  constructor(
    private readonly model: Transformer,
    private readonly memory: Memory,
    readonly items: number,
    private prefix: FloatTensor,
    private prompts: PromptMask,
  ) {
    const [rows, conditionSlots] = prefix.shape as [number, number];
    this.rows = rows;
    this.guided = rows > items;
    this.conditionSlots = conditionSlots;
  }

  get length(): number {
    return Math.max(0, this.memory.length - this.conditionSlots);
  }

  truncate(length: number): void {
    if (this.closed) throw new ClosedError("session");
    if (!(Number.isInteger(length) && length >= 0 && length <= this.length))
      throw new ArgumentError("length", `a whole number from 0 to the ${this.length} positions kept`, length);
    if (length < this.length) this.memory.truncate(this.conditionSlots + length);
  }

  async forward(step: Step): Promise<Prediction> {
    const { keep, feed, fill, sight } = step;
    if (step.mixtures) throw new ArgumentError("step.mixtures", "ids: only next-scale models mix codes", "mixtures");
    const fromStart = fill.includes(0);
    if (fromStart && keep > 0) throw new ArgumentError("step.keep", "0 in a pass that fills position 0", keep);
    this.truncate(keep);
    if (fromStart) this.memory.truncate(0); // what the condition predicted was not kept: it runs again
    const { slots, length: filled } = this.memory;
    const lead = filled === 0 ? this.conditionSlots : 0; // slots of the condition in this pass
    const inputs = {
      ...this.fed(step, lead),
      bias: attentionBias({ slots, filled, fresh: lead + feed.length, sight }, this.prompts),
      rows: asked(step, lead),
    };
    const outputs = await this.model.decoder.run(inputs, this.memory);
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

  /** What stands in the T = lead + feed.length slots of a pass. Both halves of a guided batch are fed the same ids. */
  private fed(step: Step, lead: number): Readonly<Record<string, Tensor>> {
    const { width: C, vocabulary: V } = this.model.config;
    const T = lead + step.feed.length;
    const ids = new Int32Array(this.rows * T);
    const prefix = new Float32Array(this.rows * T * C);
    for (let row = 0; row < this.rows; row++) {
      prefix.set(this.prefix.data.subarray(row * lead * C, (row + 1) * lead * C), row * T * C);
      const line = step.ids[row % this.items] ?? [];
      for (let i = 0; i < step.feed.length; i++) {
        const id = line[i]!;
        if (!(Number.isInteger(id) && id >= 0 && id < V))
          throw new ArgumentError("step.ids", `whole numbers from 0 to ${V - 1}`, id);
        ids[row * T + lead + i] = id;
      }
    }
    const places = [...Array(lead).keys(), ...step.feed.map((position) => this.conditionSlots + position)];
    return {
      ids: tensor([this.rows, T], ids),
      isToken: tensor([T, 1], new Float32Array(T).fill(1, lead)),
      prefix: tensor([this.rows, T, C], prefix),
      slots: i32([T], places),
    };
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

/** Rows of a pass that predict the positions to fill: the slot before each. */
function asked(step: Step, lead: number): Tensor {
  const rows = step.fill.map((position) => {
    if (position === 0) return lead - 1;
    const at = step.feed.indexOf(position - 1);
    if (at < 0) throw new ArgumentError("step.fill", "positions whose predecessor is fed in the same pass", position);
    return lead + at;
  });
  return i32([rows.length], rows);
}

/** The parents of the model's rows, [conditional …, unconditional …] when guided. Refuses parents that are no items. */
export function parentRows(parents: readonly number[], items: number, guided: boolean): readonly number[] {
  const known = (parent: number) => Number.isInteger(parent) && parent >= 0 && parent < items;
  if (parents.length !== items || !parents.every(known))
    throw new ArgumentError("parents", `${items} items from 0 to ${items - 1}`, parents.join());
  return guided ? [...parents, ...parents.map((parent) => items + parent)] : parents;
}

/** Row i of the result is row parents[i] of x [B, ...]. */
export function forked({ shape, data }: FloatTensor, parents: readonly number[]): FloatTensor {
  const size = data.length / shape[0]!;
  const out = new Float32Array(data.length);
  parents.forEach((parent, row) => {
    out.set(data.subarray(parent * size, (parent + 1) * size), row * size);
  });
  return tensor(shape, out);
}
