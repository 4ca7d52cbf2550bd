/**
 * The frame of programs whose memories lie on the host. What is checked before a run, kept after it and refused after close is the
 * same on every device; a device adds how it computes and what it lets go. A program behind a thread has a frame of its own
 * (thread/host.ts), as its memories lie in that thread.
 */
import { ClosedError } from "../base/errors.js";
import type { Memory, Program } from "./engine.js";
import { bindSizes, type Sizes } from "./feeds.js";
import type { Graph } from "./graph.js";
import { HostMemory, stateOf } from "./memory.js";
import type { FloatTensor, Tensor } from "./tensor.js";

export type Tensors = Readonly<Record<string, Tensor>>;

/** What a run gives: the outputs of the graph, and by the name of each state the rows [B, H, T, D] that are appended to it. */
export interface Computed {
  readonly outputs: Tensors;
  readonly rows: ReadonlyMap<string, Tensor>;
}

export abstract class HostProgram implements Program {
  private readonly memories = new WeakSet<Memory>();
  private closed = false;

  constructor(readonly graph: Graph) {}

  /** Computes a run whose inputs fit the graph. `states` are [B, H, S, D] each, and none where the graph keeps nothing. */
  protected abstract compute(inputs: Tensors, states: ReadonlyMap<string, FloatTensor>): Promise<Computed>;

  /** Lets go of what the device holds; called once. */
  protected abstract release(): Promise<void>;

  async allocate(sizes: Sizes): Promise<Memory> {
    this.open();
    const memory = HostMemory.allocate(this.graph, sizes);
    this.memories.add(memory);
    return memory;
  }

  async run(inputs: Tensors, memory?: Memory): Promise<Tensors> {
    this.open();
    const states = stateOf(this.graph, this.memories, memory);
    const sizes = bindSizes(this.graph, inputs, states?.sizes);
    states?.reserve(this.graph, sizes);
    const { outputs, rows } = await this.compute(inputs, states?.states ?? NONE);
    states?.append(rows);
    return outputs;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    if (this.closed) throw new ClosedError("program");
  }
}

const NONE: ReadonlyMap<string, FloatTensor> = new Map();
