/**
 * States kept on the host: for each one array that is allocated once and written in place. Every device that reads its
 * inputs from the host shares this: appending copies T rows, truncating only forgets.
 *
 * A run reads all S slots that it sees, filled or not. So a memory shows no more than the filled ones, rounded up where the graph
 * hides the others: its rows [S, D] stand close together at first and are moved apart, in the same array, when S grows.
 */

import { check, isIntegerIn } from "../base/check.js";
import { ArgumentError, ClosedError, ShapeError } from "../base/errors.js";
import type { Memory } from "./engine.js";
import { nameOf, type Sizes, sizeOfDim } from "./feeds.js";
import type { Dim, Graph, Shown } from "./graph.js";
import { type FloatTensor, sizeOf, type Tensor } from "./tensor.js";

/** Slots become visible by as many at once. */
const STRIDE = 64;

export class HostMemory implements Memory {
  private filled = 0;
  private closed = false;
  private seen: number;
  private shown = new Map<string, FloatTensor>();

  private constructor(
    private allocated: Sizes,
    /** By name of the state; [B, H, slots, D] each. */
    private readonly whole: Map<string, FloatTensor>,
    readonly slots: number,
    /** What the graph calls B and S. */
    private readonly axes: readonly [rows: Dim, slots: Dim],
    private readonly shows: Shown,
  ) {
    this.seen = shows === "filled" ? 0 : Math.min(STRIDE, slots);
    this.cut();
  }

  /** Allocates the states of a graph, filled with zeros. Throws ShapeError where a size is missing or not positive. */
  static allocate(graph: Graph, sizes: Sizes): HostMemory {
    const states = new Map<string, FloatTensor>();
    for (const state of graph.states) {
      const name = nameOf(state.source);
      const shape = state.shape.map((dim) => sizeOfDim(dim, sizes) ?? 0);
      if (shape.length !== 4 || shape.some((size) => size < 1))
        throw new ShapeError(graph.name, `state "${name}" [${state.shape}] cannot be allocated with ${show(sizes)}`);
      states.set(name, { shape, data: new Float32Array(sizeOf(shape)) });
    }
    const slots = new Set([...states.values()].map(({ shape }) => shape[2]));
    if (slots.size > 1) throw new ShapeError(graph.name, `states differ in slots: ${[...slots].join(", ")}`);
    const [rows = "B", , axis = "S"] = graph.states[0]?.shape ?? [];
    return new HostMemory({ ...sizes }, states, [...slots][0] ?? 0, [rows, axis], shownBy(graph));
  }

  get visible(): number {
    return this.seen;
  }

  /** The sizes of a run with this memory, where S is what it sees. */
  get sizes(): Sizes {
    return { ...this.allocated, [this.axes[1]]: this.seen };
  }

  /** What a run is fed, by name of the state; [B, H, S, D] each. */
  get states(): ReadonlyMap<string, FloatTensor> {
    return this.shown;
  }

  get length(): number {
    return this.filled;
  }

  truncate(length: number): void {
    this.open();
    this.filled = check("length", `an integer from 0 to ${this.filled}`, length, isIntegerIn(0, this.filled));
    this.show(this.filled);
  }

  async keep(slots: readonly number[]): Promise<void> {
    this.open();
    const ascend = (list: readonly number[]) => list.every((slot, i) => i === 0 || list[i - 1]! < slot);
    const known = (list: readonly number[]) => list.every(isIntegerIn(0, this.filled - 1)) && ascend(list);
    check("slots", `slots below ${this.filled}, ascending`, slots, known);
    for (const { shape, data } of this.shown.values()) {
      const [B, H, S, D] = shape as [number, number, number, number];
      for (let row = 0; row < B * H; row++) {
        // Forwards: no slot moves after one that is still to be moved.
        for (const [to, from] of slots.entries())
          data.copyWithin((row * S + to) * D, (row * S + from) * D, (row * S + from + 1) * D);
      }
    }
    this.truncate(slots.length);
  }

  /** Refuses a run whose new rows would not fit, before it starts; `sizes` are those of the run. */
  reserve(graph: Graph, sizes: Sizes): void {
    this.open();
    for (const { rows } of graph.appends) {
      const T = sizeOfDim(rows.shape[2]!, sizes) ?? 0;
      if (this.filled + T > this.slots)
        throw new ShapeError(
          graph.name,
          `${T} new positions do not fit after the ${this.filled} in a memory of ${this.slots} slots`,
          "Allocate the memory with more slots (S), or truncate it first.",
        );
    }
  }

  async load(rows: Readonly<Record<string, FloatTensor>>): Promise<void> {
    const [given, known] = [Object.keys(rows), [...this.whole.keys()]];
    if (given.length !== known.length || given.some((name) => !this.whole.has(name)))
      throw new ShapeError(
        "memory",
        `rows of ${given.join(", ")} are not those of its states`,
        `States: ${known.join(", ")}.`,
      );
    this.append(new Map(Object.entries(rows)));
  }

  /** Writes each `rows` [B, H, T, D] after what its state holds, then counts them: all states grow together. */
  append(rows: ReadonlyMap<string, Tensor>): void {
    this.open();
    const T = rows.values().next().value?.shape[2] ?? 0;
    for (const [name, { shape }] of rows) {
      const [B, H, S, D] = (this.whole.get(name)?.shape ?? []) as [number, number, number, number];
      if (shape.join() !== [B, H, T, D].join() || this.filled + T > S)
        throw new ShapeError(
          "memory",
          `rows [${shape}] do not fit after slot ${this.filled} of "${name}" [${[B, H, S, D]}]`,
        );
    }
    this.show(this.filled + T);
    for (const [name, { data }] of rows) {
      const state = this.shown.get(name)!;
      const [B, H, S, D] = state.shape as [number, number, number, number];
      for (let row = 0; row < B * H; row++) {
        const source = data.subarray(row * T * D, (row + 1) * T * D);
        state.data.set(source, (row * S + this.filled) * D);
      }
    }
    this.filled += T;
  }

  /** Makes `length` slots visible, or a few more: moves the rows apart, the last one first, or together, the first one first. */
  private show(length: number): void {
    const rounded = Math.max(this.seen, Math.min(this.slots, STRIDE * Math.ceil(length / STRIDE)));
    const [before, after] = [this.seen, this.shows === "filled" ? length : rounded];
    if (after === before) return;
    const kept = Math.min(this.filled, length);
    for (const { shape, data } of this.whole.values()) {
      const [B, H, , D] = shape as [number, number, number, number];
      for (let n = 1; n < B * H; n++) {
        const row = after > before ? B * H - n : n;
        const from = row * before * D;
        data.copyWithin(row * after * D, from, from + kept * D);
      }
    }
    this.seen = after;
    this.cut();
  }

  private cut(): void {
    for (const [name, { shape, data }] of this.whole) {
      const visible = shape.with(2, this.seen);
      this.shown.set(name, { shape: visible, data: data.subarray(0, sizeOf(visible)) });
    }
  }

  async fork(parents: readonly number[]): Promise<void> {
    this.open();
    for (const { shape, data } of this.states.values()) {
      const B = shape[0]!;
      check(
        "parents",
        `1 to ${B} rows from 0 to ${B - 1}`,
        parents,
        (rows) => rows.length >= 1 && rows.length <= B && rows.every(isIntegerIn(0, B - 1)),
      );
      const size = data.length / B;
      // A row that is both replaced and somebody's parent has to be kept aside until all are written.
      const kept = new Map<number, Float32Array>();
      for (const [row, parent] of parents.entries()) {
        if (parent !== row && !kept.has(parent)) kept.set(parent, data.slice(parent * size, (parent + 1) * size));
      }
      for (const [row, parent] of parents.entries()) {
        if (parent !== row) data.set(kept.get(parent)!, row * size);
      }
    }
    const B = parents.length;
    for (const [name, { shape, data }] of this.whole) this.whole.set(name, { shape: shape.with(0, B), data });
    this.allocated = { ...this.allocated, [this.axes[0]]: B };
    this.cut();
  }

  async read(name: string): Promise<FloatTensor> {
    this.open();
    const state = this.states.get(name);
    if (!state)
      throw new ShapeError("memory", `has no state "${name}"`, `States: ${[...this.states.keys()].join(", ")}.`);
    const [B, H, S, D] = state.shape as [number, number, number, number];
    const data = new Float32Array(B * H * this.filled * D);
    for (let row = 0; row < B * H; row++) {
      data.set(state.data.subarray(row * S * D, (row * S + this.filled) * D), row * this.filled * D);
    }
    return { shape: [B, H, this.filled, D], data };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.whole.clear();
    this.shown.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Refuses use after close. */
  open(): void {
    if (this.closed) throw new ClosedError("memory");
  }
}

/** What the states of a graph show. */
export function shownBy(graph: Graph): Shown {
  const source = graph.states[0]?.source;
  return source?.kind === "state" ? source.shows : "filled and more";
}

/** The host memory behind what a caller passed to `run`: null if the graph keeps nothing. Refuses a stranger's memory. */
export function stateOf(graph: Graph, known: WeakSet<Memory>, memory: Memory | undefined): HostMemory | null {
  if (graph.states.length === 0 && memory === undefined) return null;
  if (memory instanceof HostMemory && known.has(memory)) return memory;
  throw new ArgumentError("memory", `a memory that this program ("${graph.name}") allocated`, memory);
}

const show = (sizes: Sizes) => JSON.stringify(sizes);
