/**
 * One run of next-scale generation. Between two scales stands a tokenizer, which this stair does not know: the function that
 * paints the chosen codes and says what the next scale is fed is handed down.
 */
import { ArgumentError, ClosedError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Memory } from "../engine/engine.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../engine/tensor.js";
import { type Condition, itemsOf } from "./condition.js";
import type { Prediction, Step } from "./decode/step.js";
import type { Distribution } from "./sampling.js";
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
  cells: readonly ArrayLike<number | Distribution>[],
) => Promise<{ readonly canvas: FloatTensor; readonly next: FloatTensor | null }>;

export interface ScaleSessionOptions {
  readonly condition: Condition;
  /** Whether unconditional logits are made, too: twice the rows, [conditional …, unconditional …]. */
  readonly guided: boolean;
  /** Where guidance ends for good: passes that fill positions from here on make conditional logits alone, at half the cost. */
  readonly guidedUntil?: number | undefined;
  readonly paint: Paint;
}

/**
 * Opens a session for a batch of conditions; memory for the whole sequence is allocated here, once. A step of it fills whole
 * scales: one, fed with the scale before it, or several in a row (teacher forcing), each fed with the one before; the model runs
 * once for each. Sight is "block": a scale sees itself and those before it.
 */
export async function openScaleSession(
  model: ScaleTransformer,
  { condition, guided, guidedUntil = Number.POSITIVE_INFINITY, paint }: ScaleSessionOptions,
): Promise<Session> {
  const items = itemsOf(condition);
  if (items < 1) throw new ArgumentError("condition", "at least one item", items);
  const told = await model.condition.run(scaleConditionInputs(model.config, condition, guided));
  const memory = await model.decoder.allocate({ B: told.start!.shape[0]!, S: deriveScales(model.config).slots });
  return new ScaleSession(model, memory, items, guided ? guidedUntil : 0, paint, told as Told);
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
  private rows: number; // items, or twice as many while guided
  private readonly starts: readonly number[];
  private readonly lead: number; // slots before position 0
  private canvases: FloatTensor[] = []; // after each scale that was fed

  constructor(
    private readonly model: ScaleTransformer,
    private readonly memory: Memory,
    readonly items: number,
    private readonly guidedUntil: number,
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
    if (span.from === 0)
      this.memory.truncate(0); // what the condition predicted was not kept: it runs again
    else if (this.memory.length !== this.lead + this.starts[span.from]!)
      throw new ArgumentError("step.fill", "the scale behind those filled so far", described(`scale ${span.from}`));
    await this.guide(span);
    const codes = await this.painted(step, span);
    const logits: FloatTensor[] = [];
    for (let scale = span.from; scale <= span.to; scale++)
      logits.push(await this.filledOne(scale, scale === 0 ? null : codes[scale - Math.max(1, span.from)]!));
    return halves(behindEachOther(logits), this.items);
  }

  /** Runs one scale, fed with those codes, or with the condition; the condition's slots of the first pass are asked for nothing. */
  private async filledOne(scale: number, codes: FloatTensor | null): Promise<FloatTensor> {
    const { modulation, head } = this.told;
    const cells = this.model.config.sides[scale]! ** 2;
    const T = codes ? cells : this.lead + cells;
    const { length } = this.memory;
    const inputs = {
      ...this.fresh(codes, T),
      ...{ modulation, head },
      slots: i32(
        [T],
        Array.from({ length: T }, (_, t) => length + t),
      ),
      rows: i32(
        [cells],
        Array.from({ length: cells }, (_, cell) => T - cells + cell),
      ),
    };
    return (await this.model.decoder.run(inputs, this.memory)).logits as FloatTensor;
  }

  async fork(parents: readonly number[]): Promise<void> {
    if (this.closed) throw new ClosedError("session");
    await this.keepRows(parentRows(parents, this.items, this.rows > this.items));
    this.canvases = this.canvases.map((canvas) => forked(canvas, parents));
  }

  /** Leaves the unconditional rows behind where guidance has ended; a pass that needs them again is refused. */
  private async guide({ from }: Span): Promise<void> {
    const guided = this.starts[from]! < this.guidedUntil;
    if (!guided && this.rows > this.items) await this.keepRows([...Array(this.items).keys()]);
    if (guided && this.rows === this.items)
      throw new ArgumentError(
        "step.fill",
        `positions from ${this.guidedUntil} on, as guidance has ended`,
        this.starts[from],
      );
  }

  private async keepRows(rows: readonly number[]): Promise<void> {
    await this.memory.fork(rows);
    this.rows = rows.length;
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
      throw new ArgumentError(
        "step.fill",
        "all positions of a scale, or of several in a row",
        described(`positions ${fill.join(", ")}`),
      );
    const first = this.starts[Math.max(0, from - 1)]!;
    if (!runs(feed, first, this.starts[to]!))
      throw new ArgumentError(
        "step.feed",
        `positions ${first} to ${this.starts[to]! - 1}, the scales before`,
        described(`positions ${feed.join(", ")}`),
      );
    if (keep !== first) throw new ArgumentError("step.keep", `the ${first} positions before those fed`, keep);
    if (sight !== "block") throw new ArgumentError("step.sight", '"block"', sight);
    if (ids.length !== this.items)
      throw new ArgumentError("step.ids", `lines for ${this.items} items`, described(`${ids.length} lines`));
    return { from, to };
  }

  /** Paints the scales that are fed; answers what they feed the filled ones with, [B, side², D] each. Scale 0 is fed the start. */
  private async painted({ ids, mixtures, keep }: Step, { from, to }: Span): Promise<FloatTensor[]> {
    const inputs: FloatTensor[] = [];
    for (let scale = Math.max(0, from - 1); scale < to; scale++) {
      const [start, end] = [this.starts[scale]! - keep, this.starts[scale + 1]! - keep];
      const cells = Array.from(mixtures ?? ids, (line: ArrayLike<number | Distribution>) =>
        Array.from({ length: end - start }, (_, i) => line[start + i]!),
      );
      const { canvas, next } = await this.paint(this.canvases.at(-1) ?? null, scale, cells);
      this.canvases.push(canvas);
      inputs.push(next!);
    }
    return inputs;
  }

  /** What stands in the T slots of a pass: codes, or vectors of the condition. Both halves are fed the same codes. */
  private fresh(codes: FloatTensor | null, T: number): Readonly<Record<string, Tensor>> {
    const { width: C, codeDim: D } = this.model.config;
    const fed = new Float32Array(this.rows * T * D);
    const size = T * D;
    for (let row = 0; codes && row < this.rows; row++) {
      const item = row % this.items;
      fed.set(codes.data.subarray(item * size, (item + 1) * size), row * size);
    }
    return {
      codes: tensor([this.rows, T, D], fed),
      isCode: tensor([T, 1], new Float32Array(T).fill(codes ? 1 : 0)),
      start: codes ? tensor([this.rows, T, C], new Float32Array(this.rows * T * C)) : this.told.start,
    };
  }
}

/** Logits [B, R, V] of several passes as those of one. */
function behindEachOther(parts: readonly FloatTensor[]): FloatTensor {
  if (parts.length === 1) return parts[0]!;
  const [B, , V] = parts[0]!.shape as [number, number, number];
  const R = parts.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const data = new Float32Array(B * R * V);
  let at = 0;
  for (let row = 0; row < B; row++)
    for (const part of parts) {
      const size = part.shape[1]! * V;
      data.set(part.data.subarray(row * size, (row + 1) * size), at);
      at += size;
    }
  return tensor([B, R, V], data);
}
