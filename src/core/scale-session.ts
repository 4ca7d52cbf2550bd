/**
 * One run of next-scale generation. Between two scales stands a tokenizer, which this stair does not know: the function that
 * paints the chosen codes and says what the next scale is fed is handed down.
 */
import { ArgumentError, ClosedError } from "../base/errors.js";
import type { Memory } from "../engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../engine/tensor.js";
import { type Condition, itemsOf } from "./condition.js";
import type { Prediction, Step } from "./decode/step.js";
import { blockBias } from "./masks.js";
import type { Law } from "./sampling.js";
import { scaleConditionInputs } from "./scale-condition.js";
import { deriveScales } from "./scale-configs.js";
import type { ScaleTransformer } from "./scale-model.js";
import { forked, halves, parentRows, type Session } from "./session.js";

/**
 * Adds what was chosen for the cells of a scale (ids or mixtures of codes, [B][side²]) to the canvas that the scales before it
 * painted; null: nothing yet. Answers the new canvas [B, ...] and what the next scale is fed, [B, side², D] in raster order;
 * null after the last. Writes into no argument.
 */
export type Paint = (
  canvas: FloatTensor | null,
  scale: number,
  cells: readonly ArrayLike<number | Law>[],
) => Promise<{ readonly canvas: FloatTensor; readonly next: FloatTensor | null }>;

export interface ScaleSessionOptions {
  readonly condition: Condition;
  /** Whether unconditional logits are made, too: twice the rows, [conditional …, unconditional …]. */
  readonly guided: boolean;
  readonly paint: Paint;
}

/**
 * Opens a session for a batch of conditions; memory for the whole sequence is allocated here, once. A pass of it fills whole
 * scales: one, fed with the scale before it, or several in a row (teacher forcing), each fed with the one before. Sight is
 * "block": a scale sees itself and those before it.
 */
export async function openScaleSession(
  model: ScaleTransformer,
  { condition, guided, paint }: ScaleSessionOptions,
): Promise<Session> {
  const items = itemsOf(condition);
  if (items < 1) throw new ArgumentError("condition", "at least one item", items);
  const told = await model.condition.run(scaleConditionInputs(model.config, condition, guided));
  const memory = await model.decoder.allocate({ B: told.start!.shape[0]!, S: deriveScales(model.config).slots });
  return new ScaleSession(model, memory, items, paint, told as Told);
}

/** Outputs of the condition's graph. */
type Told = Readonly<Record<"start" | "modulation" | "head", FloatTensor>>;

/** Scales that a pass fills, `from` to `to`, both included. */
interface Span {
  readonly from: number;
  readonly to: number;
}

class ScaleSession implements Session {
  private closed = false;
  private readonly rows: number; // items, or twice as many when guided
  private readonly starts: readonly number[];
  private readonly lead: number; // slots before position 0
  private canvases: FloatTensor[] = []; // after each scale that was fed

  constructor(
    private readonly model: ScaleTransformer,
    private readonly memory: Memory,
    readonly items: number,
    private readonly paint: Paint,
    private told: Told,
  ) {
    this.rows = told.start.shape[0]!;
    ({ starts: this.starts, lead: this.lead } = deriveScales(model.config));
  }

  get length(): number {
    return this.starts[this.canvases.length]!;
  }

  truncate(length: number): void {
    if (this.closed) throw new ClosedError("session");
    const scales = this.starts.indexOf(length);
    if (scales < 0 || scales > this.canvases.length) {
      const kept = this.starts.slice(0, this.canvases.length + 1).join(", ");
      throw new ArgumentError("length", `the end of a scale that was fed: ${kept}`, length);
    }
    if (scales === this.canvases.length) return;
    this.canvases.length = scales;
    this.memory.truncate(this.lead + this.starts[scales + 1]!); // what these scales predict was computed already
  }

  async forward(step: Step): Promise<Prediction> {
    const span = this.filled(step);
    this.truncate(step.keep);
    if (span.from === 0) this.memory.truncate(0); // what the condition predicted was not kept: it runs again
    else if (this.memory.length !== this.lead + this.starts[span.from]!)
      throw new ArgumentError("step.fill", "the scale behind those filled so far", `scale ${span.from}`);
    const codes = await this.painted(step, span);
    const lead = span.from === 0 ? this.lead : 0;
    const T = lead + step.fill.length;
    const { visible: slots, length } = this.memory;
    const lengths = this.model.config.sides.slice(span.from, span.to + 1).map((side) => side ** 2);
    if (lead > 0) lengths[0]! += lead;
    const inputs = {
      ...this.fresh(codes, span.from === 0 ? lead + 1 : 0, T),
      ...{ modulation: this.told.modulation, head: this.told.head },
      slots: i32([T], Array.from({ length: T }, (_, t) => length + t)),
      bias: blockBias(slots, length, lengths),
      rows: i32([T - lead], Array.from({ length: T - lead }, (_, t) => lead + t)),
    };
    const outputs = await this.model.decoder.run(inputs, this.memory);
    return halves(outputs.logits as FloatTensor, this.items);
  }

  async fork(parents: readonly number[]): Promise<void> {
    if (this.closed) throw new ClosedError("session");
    const rows = parentRows(parents, this.items, this.rows > this.items);
    await this.memory.fork(rows);
    this.canvases = this.canvases.map((canvas) => forked(canvas, parents));
    const { start, modulation, head } = this.told;
    this.told = { start: forked(start, rows), modulation: forked(modulation, rows), head: forked(head, rows) };
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.memory.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The scales that a step fills. Refuses steps that are not whole scales, each fed with the one before it. */
  private filled({ feed, ids, fill, keep, sight }: Step): Span {
    const from = this.starts.indexOf(fill[0] ?? -1);
    const to = this.starts.indexOf((fill.at(-1) ?? -1) + 1) - 1;
    const runs = (positions: readonly number[], start: number, end: number) =>
      positions.length === end - start && positions.every((position, i) => position === start + i);
    if (from < 0 || to < from || !runs(fill, this.starts[from]!, this.starts[to + 1]!))
      throw new ArgumentError("step.fill", "all positions of a scale, or of several in a row", fill.join());
    const first = this.starts[Math.max(0, from - 1)]!;
    if (!runs(feed, first, this.starts[to]!))
      throw new ArgumentError("step.feed", `positions ${first} to ${this.starts[to]! - 1}, the scales before`, feed.join());
    if (keep !== first) throw new ArgumentError("step.keep", `the ${first} positions before those fed`, keep);
    if (sight !== "block") throw new ArgumentError("step.sight", '"block"', sight);
    if (ids.length !== this.items) throw new ArgumentError("step.ids", `lines for ${this.items} items`, ids.length);
    return { from, to };
  }

  /** Paints the scales that are fed; answers what they feed the filled ones with, [B, side², D] each. Scale 0 is fed the start. */
  private async painted({ ids, mixtures, keep }: Step, { from, to }: Span): Promise<FloatTensor[]> {
    const inputs: FloatTensor[] = [];
    for (let scale = Math.max(0, from - 1); scale < to; scale++) {
      const [start, end] = [this.starts[scale]! - keep, this.starts[scale + 1]! - keep];
      const cells = Array.from(mixtures ?? ids, (line: ArrayLike<number | Law>) =>
        Array.from({ length: end - start }, (_, i) => line[start + i]!),
      );
      const { canvas, next } = await this.paint(this.canvases.at(-1) ?? null, scale, cells);
      this.canvases.push(canvas);
      inputs.push(next!);
    }
    return inputs;
  }

  /** What stands in the T slots of a pass: `lead` vectors of the condition, then codes. Both halves are fed the same codes. */
  private fresh(codes: readonly FloatTensor[], lead: number, T: number): Readonly<Record<string, Tensor>> {
    const { width: C, codeDim: D } = this.model.config;
    const fed = new Float32Array(this.rows * T * D);
    const start = new Float32Array(this.rows * T * C);
    for (let row = 0; row < this.rows; row++) {
      start.set(this.told.start.data.subarray(row * lead * C, (row + 1) * lead * C), row * T * C);
      let at = (row * T + lead) * D;
      for (const { shape, data } of codes) {
        const size = shape[1]! * D;
        const item = row % this.items;
        fed.set(data.subarray(item * size, (item + 1) * size), at);
        at += size;
      }
    }
    return {
      codes: tensor([this.rows, T, D], fed),
      isCode: tensor([T, 1], new Float32Array(T).fill(1, lead)),
      start: tensor([this.rows, T, C], start),
    };
  }
}
