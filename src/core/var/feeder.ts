/**
 * What stands in the slots of next-scale passes. Between two scales stands a tokenizer, which this stair does not know: the function
 * that paints the chosen codes and says what the next scale is fed is handed down.
 *
 * A step fills whole scales: one, fed with the scale before it, or several in a row (teacher forcing), each fed with the one before;
 * the model runs once for each. Sight is "block": a scale sees itself and those before it.
 */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type FloatTensor, i32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Filled, Model } from "../architecture.js";
import { type Condition, itemsOf } from "../condition.js";
import type { Cell } from "../decode/next-scale.js";
import type { Step } from "../decode/step.js";
import { forked } from "../rows.js";
import { scaleConditionInputs } from "./condition.js";
import { deriveScales, type ScaleConfig } from "./config.js";

/**
 * Adds what was chosen for the cells of a scale (ids or mixtures of codes, [B][side²]) to the canvas that the scales before it
 * painted; null: nothing yet. Answers the new canvas [B, ...] and what the next scale is fed, [B, side², D] in raster order;
 * null after the last. Writes into no argument.
 */
export type Paint = (
  canvas: FloatTensor | null,
  scale: number,
  cells: readonly ArrayLike<Cell>[],
) => Promise<{ readonly canvas: FloatTensor; readonly next: FloatTensor | null }>;

/** What a batch begins with. */
export interface ScaleStart {
  readonly condition: Condition;
  readonly paint: Paint;
}

/** Outputs of the condition's graph. */
type ConditionVectors = Readonly<Record<"start" | "modulation" | "head", FloatTensor>>;

/** Begins a batch of conditions. */
export async function feedScales(
  model: Model<ScaleConfig, ScaleStart, Cell>,
  { condition, paint }: ScaleStart,
  guided: boolean,
): Promise<Feeder<Cell>> {
  const items = itemsOf(condition);
  if (items < 1) throw new ArgumentError("condition", "at least one item", items);
  const vectors = await model.condition!.run(scaleConditionInputs(model.config, condition, guided));
  return new ScaleFeeder(model.config, items, vectors as ConditionVectors, paint);
}

/** Scales that a step fills, `from` to `to`, both included. */
interface Span {
  readonly from: number;
  readonly to: number;
}

class ScaleFeeder implements Feeder<Cell> {
  readonly slots: number;
  private readonly starts: readonly number[];
  private readonly lead: number; // slots before position 0
  private canvases: FloatTensor[] = []; // after each scale that was fed

  constructor(
    private readonly config: ScaleConfig,
    readonly items: number,
    private vectors: ConditionVectors,
    private readonly paint: Paint,
  ) {
    ({ starts: this.starts, lead: this.lead, slots: this.slots } = deriveScales(config));
  }

  get rows(): number {
    return this.vectors.start.shape[0]!;
  }

  get length(): number {
    return this.starts[this.canvases.length]!;
  }

  truncate(length: number): number {
    const scales = this.starts.indexOf(length);
    if (scales < 0) {
      const kept = this.starts.slice(0, this.canvases.length + 1).join(", ");
      throw new ArgumentError("length", `the end of a scale that was fed: ${kept}`, length);
    }
    this.canvases.length = scales;
    return this.lead + this.starts[scales + 1]!; // what these scales predict was computed already
  }

  keep(entries: readonly number[]): never {
    throw new ArgumentError(
      "step.keep",
      "a number: scales are kept whole and in order",
      described(`the entries ${entries.join(", ")}`),
    );
  }

  fork(rows: readonly number[]): void {
    const { start, modulation, head } = this.vectors;
    this.vectors = { start: forked(start, rows), modulation: forked(modulation, rows), head: forked(head, rows) };
    const parents = rows.slice(0, this.items);
    this.canvases = this.canvases.map((canvas) => forked(canvas, parents));
  }

  async passes(step: Step<Cell>, { length }: Filled): Promise<readonly Readonly<Record<string, Tensor>>[]> {
    const span = this.filled(step);
    if (span.from > 0 && length !== this.lead + this.starts[span.from]!)
      throw new ArgumentError("step.fill", "the scale after those filled so far", described(`scale ${span.from}`));
    const codes = await this.painted(step, span);
    const passes: Readonly<Record<string, Tensor>>[] = [];
    for (let scale = span.from; scale <= span.to; scale++)
      passes.push(this.pass(scale, scale === 0 ? null : codes[scale - Math.max(1, span.from)]!));
    return passes;
  }

  /** One scale, fed with those codes, or with the condition; the condition's slots of the first pass are asked for nothing. */
  private pass(scale: number, codes: FloatTensor | null): Readonly<Record<string, Tensor>> {
    const { modulation, head } = this.vectors;
    const cells = this.config.sides[scale]! ** 2;
    const T = codes ? cells : this.lead + cells;
    const first = codes ? this.lead + this.starts[scale]! : 0;
    const from = (start: number, size: number) =>
      i32(
        [size],
        Array.from({ length: size }, (_, i) => start + i),
      );
    return { ...this.fresh(codes, T), modulation, head, slots: from(first, T), rows: from(T - cells, cells) };
  }

  /** The scales that a step fills. Refuses steps that are not whole scales, each fed with the one before it. */
  private filled({ feed, fill, keep, sight }: Step<Cell>): Span {
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
    return { from, to };
  }

  /** Paints the scales that are fed; answers what they feed the filled ones with, [B, side², D] each. Scale 0 is fed the start. */
  private async painted({ values, feed }: Step<Cell>, { from, to }: Span): Promise<FloatTensor[]> {
    const inputs: FloatTensor[] = [];
    for (let scale = Math.max(0, from - 1); scale < to; scale++) {
      const [start, end] = [this.starts[scale]! - feed[0]!, this.starts[scale + 1]! - feed[0]!];
      const cells = values.map((line) => Array.from({ length: end - start }, (_, i) => line[start + i]!));
      const { canvas, next } = await this.paint(this.canvases.at(-1) ?? null, scale, cells);
      this.canvases.push(canvas);
      inputs.push(next!);
    }
    return inputs;
  }

  /** What stands in the T slots of a pass: codes, or vectors of the condition. Both halves are fed the same codes. */
  private fresh(codes: FloatTensor | null, T: number): Readonly<Record<string, Tensor>> {
    const { width: C, codeDim: D } = this.config;
    const fed = new Float32Array(this.rows * T * D);
    const size = T * D;
    for (let row = 0; codes && row < this.rows; row++) {
      const item = row % this.items;
      fed.set(codes.data.subarray(item * size, (item + 1) * size), row * size);
    }
    return {
      codes: tensor([this.rows, T, D], fed),
      isCode: tensor([T, 1], new Float32Array(T).fill(codes ? 1 : 0)),
      start: codes ? tensor([this.rows, T, C], new Float32Array(this.rows * T * C)) : this.vectors.start,
    };
  }
}
