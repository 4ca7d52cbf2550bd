/** One run of generation: all that changes while it goes on. The model itself is read-only and shared. */
import { ArgumentError, ClosedError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Memory } from "../engine/engine.js";
import type { FloatTensor } from "../engine/tensor.js";
import type { Feeder, Model } from "./architecture.js";
import type { Forward, Prediction, Step } from "./decode/step.js";
import { behindEachOther, halves, parentRows } from "./rows.js";

export interface Session<T = number> extends Forward<T>, AsyncDisposable {
  /** Items of the batch; while guided, each has two rows in the model. */
  readonly items: number;
  /** Entries fed and kept. */
  readonly length: number;
  /**
   * Runs one pass. Forgets all but step.keep first. A position is predicted from what the model was trained to predict it
   * from, which this pass must feed, or from the condition for position 0, which then runs (again) in the same pass; an
   * ArgumentError says so where a strategy asks for anything else. `guided` false drops the unconditional rows for good.
   */
  forward(step: Step<T>, guided?: boolean): Promise<Prediction>;
  /** Forgets all entries from `length` on; costs nothing. */
  truncate(length: number): void;
  /** Item i becomes a copy of what item parents[i] was. */
  fork(parents: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Whether predictions are made without the condition, too: twice the rows. */
  readonly guided: boolean;
}

/** Opens a session for a batch that begins with `start`; memory for the whole sequence is allocated here, once. */
export async function openSession<Config, Start, T>(
  model: Model<Config, Start, T>,
  start: Start,
  { guided }: SessionOptions,
): Promise<Session<T>> {
  const feeder = await model.architecture.feed(model, start, guided);
  const memory = await model.decoder.allocate({ B: feeder.rows, S: feeder.slots });
  return new ModelSession(model, memory, feeder);
}

class ModelSession<Config, Start, T> implements Session<T> {
  private closed = false;
  private dropped = false; // the unconditional rows
  private readonly begunGuided: boolean;
  readonly items: number;

  constructor(
    private readonly model: Model<Config, Start, T>,
    private readonly memory: Memory,
    private readonly feeder: Feeder<T>,
  ) {
    this.items = feeder.items;
    this.begunGuided = feeder.rows > feeder.items;
  }

  private get guided(): boolean {
    return this.begunGuided && !this.dropped;
  }

  get length(): number {
    return this.feeder.length;
  }

  truncate(length: number): void {
    if (this.closed) throw new ClosedError("session");
    if (!(Number.isInteger(length) && length >= 0 && length <= this.length))
      throw new ArgumentError("length", `a whole number from 0 to the ${this.length} entries kept`, length);
    if (length < this.length) this.memory.truncate(this.feeder.truncate(length));
  }

  async forward(step: Step<T>, guided = this.guided): Promise<Prediction> {
    if (this.closed) throw new ClosedError("session");
    const { keep, values, fill } = step;
    if (values.length !== this.items)
      throw new ArgumentError("step.values", `lines for ${this.items} items`, described(`${values.length} lines`));
    const fromStart = fill.includes(0);
    if (fromStart && keep !== 0) throw new ArgumentError("step.keep", "0 in a pass that fills position 0", keep);
    if (typeof keep === "number") this.truncate(keep);
    else await this.memory.keep(this.feeder.keep(keep));
    if (fromStart) this.memory.truncate(0); // what the condition predicted was not kept: it runs again
    if (guided && this.dropped) throw new ArgumentError("guided", "false, as guidance has ended for good", guided);
    if (this.guided && !guided) await this.dropUnconditional();
    const passes = await this.feeder.passes(step, this.memory);
    const predicted: FloatTensor[] = [];
    for (const inputs of passes) {
      const outputs = await this.model.decoder.run(inputs, this.memory);
      predicted.push(outputs[this.model.architecture.predicts] as FloatTensor);
    }
    return halves(behindEachOther(predicted), this.items);
  }

  async fork(parents: readonly number[]): Promise<void> {
    if (this.closed) throw new ClosedError("session");
    await this.forkRows(parentRows(parents, this.items, this.guided));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.memory.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Leaves the unconditional rows behind when guidance has ended. */
  private async dropUnconditional(): Promise<void> {
    await this.forkRows([...Array(this.items).keys()]);
    this.dropped = true;
  }

  private async forkRows(rows: readonly number[]): Promise<void> {
    await this.memory.fork(rows);
    this.feeder.fork(rows);
  }
}
