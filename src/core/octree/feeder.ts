/** What stands in the slots of a pass over octrees: the caption, the begin mark, ids; and of each where the next id stands. */
import { ArgumentError } from "../../base/errors.js";
import { f32, type Tensor, tensor } from "../../engine/tensor.js";
import type { Feeder, Filled, Model } from "../architecture.js";
import type { Step } from "../decode/step.js";
import { rowsInOrder } from "../in-order.js";
import { attentionBias } from "../masks.js";
import { anglesOf } from "../llama/rope.js";
import { type OctreeConfig, ROPE, trunkOf } from "./config.js";
import { AXES } from "./graph.js";

/** Where an id stands, as rows of the tables, and what is known around it. */
export interface Place {
  readonly kind: number;
  readonly rows: readonly [number, number, number];
  readonly context: Float32Array;
}

/** Follows the ids of an item. The octree is the tokenizer's, which this stair does not know: it is handed down. */
export interface Places {
  /** Where the next id stands. */
  readonly next: Place;
  accept(id: number): void;
  /** Takes back the last id, where that is cheap; else nothing, and false. */
  retract(): boolean;
}

/** What a batch begins with. */
export interface OctreeStart {
  /** Ids of the words of each item; what is beyond the slots is refused. */
  readonly captions: readonly (readonly number[])[];
  /** The places of a stream that begins. */
  readonly places: () => Places;
}

/** Begins a batch of captions. */
export async function feedOctrees(
  { config }: Model<OctreeConfig, OctreeStart, number>,
  start: OctreeStart,
  guided: boolean,
): Promise<Feeder<number>> {
  if (start.captions.length < 1) throw new ArgumentError("captions", "at least one item", start.captions.length);
  const long = start.captions.find(({ length }) => length > config.captionSlots);
  if (long) throw new ArgumentError("captions", `at most ${config.captionSlots} words`, long.length);
  return new OctreeFeeder(config, start, guided);
}

/** An item so far: its ids, the place of the last one and of the next. */
interface Line {
  readonly ids: number[];
  places: Places;
  last: Place | null;
  next: Place;
}

class OctreeFeeder implements Feeder<number> {
  readonly items: number;
  readonly slots: number;
  private readonly lead: number;
  private lines: Line[];
  private halves: number;

  constructor(
    private readonly config: OctreeConfig,
    private readonly start: OctreeStart,
    guided: boolean,
  ) {
    this.items = start.captions.length;
    this.lead = config.captionSlots + 1;
    this.slots = this.lead + config.most;
    this.halves = guided ? 2 : 1;
    this.lines = start.captions.map(() => this.begun([]));
  }

  get rows(): number {
    return this.halves * this.items;
  }

  get length(): number {
    return this.lines[0]!.ids.length;
  }

  truncate(length: number): number {
    this.lines = this.lines.map((line) => this.shortened(line, length));
    return this.lead + length;
  }

  private shortened(line: Line, length: number): Line {
    const { ids, places } = line;
    if (ids.length === length) return line;
    while (ids.length > length && places.retract()) ids.pop();
    if (ids.length > length) return this.begun(ids.slice(0, length));
    line.next = places.next;
    return line;
  }

  keep(entries: readonly number[]): readonly number[] {
    if (!entries.every((entry, i) => entry === i))
      throw new ArgumentError(
        "step.keep",
        "the first entries, for a place depends on all ids before it",
        entries.join(),
      );
    const kept = this.truncate(entries.length);
    return [...Array(kept).keys()];
  }

  fork(rows: readonly number[]): void {
    this.halves = rows.length / this.items;
    this.lines = rows.slice(0, this.items).map((row) => this.begun(this.lines[row % this.items]!.ids));
  }

  async passes(step: Step, { visible, length }: Filled): Promise<readonly Readonly<Record<string, Tensor>>[]> {
    const { feed, values, sight } = step;
    const lead = length === 0 ? this.lead : 0;
    const T = lead + feed.length;
    const rows = rowsInOrder(step, this.length, length > 0, T);
    const columns = this.lines.map((line, item) => this.columnsOf(line, item, lead, values[item]!));
    const shape = {
      slots: visible,
      filled: length,
      fresh: T,
      lead,
      sight: feed.length > 1 ? sight : "causal",
    } as const;
    const told = Array.from({ length: T }, (_, t) => (t < lead - 1 ? [0, 0] : t === lead - 1 ? [1, 0] : [1, 1])).flat();
    const slots = Array.from({ length: T }, (_, t) => length + t);
    return [
      {
        ...this.gathered(columns, T),
        told: f32([T, 2], told),
        [`angles.${ROPE}`]: anglesOf(trunkOf(this.config).ropes[ROPE]!, this.everyRow(slots), this.everyRow(0)),
        bias: attentionBias(shape, this.everyRow(new Uint8Array())),
        rows,
      },
    ];
  }

  /** Feeds an item; answers what stands in each slot of the pass. */
  private columnsOf(line: Line, item: number, lead: number, values: ArrayLike<number>): Column[] {
    const { pad, begin } = this.config;
    const caption = this.start.captions[item]!;
    const columns: Column[] = [];
    for (let slot = 0; slot < lead - 1; slot++)
      columns.push({ id: caption[slot] ?? pad, word: true, next: null, last: null });
    if (lead > 0) columns.push({ id: begin, word: false, next: line.next, last: null });
    for (let i = 0; i < values.length; i++) {
      this.accept(line, values[i]!);
      columns.push({ id: values[i]!, word: false, next: line.next, last: line.last });
    }
    return columns;
  }

  private gathered(columns: readonly (readonly Column[])[], T: number): Readonly<Record<string, Tensor>> {
    const { rows, items } = this;
    const { contextSize: X, pad } = this.config;
    const names = ["kind", ...AXES];
    const context = new Float32Array(rows * T * X);
    const ids = new Int32Array(rows * T);
    const next = names.map(() => new Int32Array(rows * T));
    const last = names.map(() => new Int32Array(rows * T));
    for (let row = 0; row < rows; row++) {
      for (const [t, column] of columns[row % items]!.entries()) {
        const at = row * T + t;
        ids[at] = column.word && row >= items ? pad : column.id; // the unconditional half has no caption
        if (column.next) context.set(column.next.context, at * X);
        for (const [tables, place] of [
          [next, column.next],
          [last, column.last],
        ] as const) {
          if (place) for (const [i, value] of [place.kind, ...place.rows].entries()) tables[i]![at] = value;
        }
      }
    }
    return {
      ids: tensor([rows, T], ids),
      context: tensor([rows, T, X], context),
      ...Object.fromEntries(names.map((name, i) => [`next.${name}`, tensor([rows, T], next[i]!)])),
      ...Object.fromEntries(names.map((name, i) => [`last.${name}`, tensor([rows, T], last[i]!)])),
    };
  }

  private everyRow<V>(value: V): V[] {
    return Array.from({ length: this.rows }, () => value);
  }

  private begun(ids: readonly number[]): Line {
    const places = this.start.places();
    const line: Line = { ids: [], places, last: null, next: places.next };
    for (const id of ids) this.accept(line, id);
    return line;
  }

  private accept(line: Line, id: number): void {
    line.places.accept(id);
    line.ids.push(id);
    line.last = line.next;
    line.next = line.places.next;
  }
}

interface Column {
  readonly id: number;
  readonly word: boolean;
  readonly next: Place | null;
  readonly last: Place | null;
}
