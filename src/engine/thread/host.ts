/**
 * An engine that lives in a thread of its own (or a process: home.ts), so that no call blocks the event loop of the application.
 *
 * Small inputs are copied to the thread and results are moved back; weights and memories live in the thread. If the thread
 * dies, every call that waits is rejected with an ExecutionError and the engine is closed.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { ArgumentError, ClosedError, ExecutionError } from "../../base/errors.js";
import type { DeviceReport, Engine, FileProgram, Memory, Precision, Program } from "../engine.js";
import { nameOf, requireWeights, type Sizes } from "../feeds.js";
import type { Graph, Shown } from "../graph.js";
import { shownBy } from "../memory.js";
import type { FloatTensor } from "../tensor.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { type Home, startHome } from "./home.js";
import type { CheckpointTable, OwnerMethods, MemorySize, Tensors, ThreadMethods, ThreadSettings } from "./protocol.js";
import { Moved, Wire } from "./wire.js";

/** Starts a thread and opens an engine in it; `onEnd` is told when the thread has ended. Throws DeviceError. */
export async function openInThread(settings: ThreadSettings, onEnd: () => void = () => {}): Promise<Engine> {
  const engine = new ThreadEngine(settings, onEnd);
  try {
    await engine.wire.call("open", settings);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

class ThreadEngine implements Engine {
  readonly wire: Wire<ThreadMethods>;
  private readonly home: Home;
  private readonly checkpoints = new Map<number, Checkpoint>();
  private nextCheckpoint = 0;
  /** Set when the thread has ended, by us or by itself. */
  private ended = false;

  readonly device: DeviceReport;

  constructor({ engine, device }: ThreadSettings, onEnd: () => void) {
    this.device = device;
    if (engine === "onnx") this.openFile = (path) => this.fileProgram(path);
    this.home = startHome(`tessera ${device.name}`, (reason, cause) => {
      this.lost(reason, cause);
      onEnd();
    });
    const ours: OwnerMethods = {
      bytes: async ({ checkpoint, name }) => {
        // A copy of exactly these bytes: a view would drag its whole buffer along, and the checkpoint keeps its own.
        const bytes = (await this.checkpoints.get(checkpoint)!.bytes(name)).slice();
        return new Moved(bytes, [bytes.buffer]);
      },
    };
    // An idle engine does not keep the process alive.
    this.wire = new Wire<ThreadMethods>(this.home.port, ours, (busy) => this.home.keepAlive(busy));
  }

  async compile(
    graph: Graph,
    weights: Checkpoint,
    { precision = "f32" }: { readonly precision?: Precision | undefined } = {},
  ): Promise<Program> {
    this.open();
    requireWeights(graph, weights);
    const id = this.nextCheckpoint++;
    this.checkpoints.set(id, weights);
    try {
      const checkpoint = tableOf(id, graph, weights);
      return new ThreadProgram(this, graph, await this.wire.call("compile", { graph, checkpoint, precision }));
    } finally {
      this.checkpoints.delete(id);
    }
  }

  /** Set where the engine is one of ONNX Runtime's. */
  readonly openFile?: (path: string) => Promise<FileProgram>;

  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    // Sessions are released before the thread ends: a runtime that is torn down with open sessions may abort the process.
    await this.wire.call("close", undefined as never).catch(() => {});
    await this.home.end();
    this.wire.fail(new ClosedError("engine"));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Refuses use after the thread has ended. */
  open(): void {
    if (this.ended) throw new ClosedError("engine");
  }

  /** Closes something in the thread; if the thread has ended, it is closed already. */
  async release(method: "closeProgram" | "closeMemory" | "closeFile", id: number): Promise<void> {
    if (!this.ended) await this.wire.call(method, id);
  }

  private async fileProgram(path: string): Promise<FileProgram> {
    this.open();
    const { file, inputs } = await this.wire.call("openFile", path);
    return {
      inputs,
      run: (inputs) => {
        this.open();
        return this.wire.call("runFile", { file, inputs });
      },
      close: () => this.release("closeFile", file),
    };
  }

  private lost(reason: string, cause?: unknown): void {
    this.ended = true;
    this.wire.fail(new ExecutionError(this.device.name, reason, undefined, { cause }));
  }
}

class ThreadProgram implements Program {
  private readonly memories = new WeakSet<Memory>();
  private closed = false;

  constructor(
    private readonly engine: ThreadEngine,
    readonly graph: Graph,
    private readonly id: number,
  ) {}

  async allocate(sizes: Sizes): Promise<Memory> {
    this.open();
    const { memory, slots, visible } = await this.engine.wire.call("allocate", { program: this.id, sizes });
    const handle = new ThreadMemory(this.engine, memory, slots, visible, shownBy(this.graph));
    this.memories.add(handle);
    return handle;
  }

  async run(inputs: Tensors, memory?: Memory): Promise<Tensors> {
    this.open();
    const handle = this.own(memory);
    const copies = Object.entries(inputs).map(
      ([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const,
    );
    const call = { program: this.id, inputs: Object.fromEntries(copies), memory: handle ? handle.id : null };
    const buffers = copies.map(([, { data }]) => data.buffer as ArrayBuffer);
    const run = () => this.engine.wire.call("run", call, buffers);
    return (await (handle ? handle.during(run) : run())).outputs;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.engine.release("closeProgram", this.id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    this.engine.open();
    if (this.closed) throw new ClosedError("program");
  }

  private own(memory: Memory | undefined): ThreadMemory | null {
    if (memory === undefined) return null;
    if (memory instanceof ThreadMemory && this.memories.has(memory)) return memory;
    throw new ArgumentError("memory", `a memory that this program ("${this.graph.name}") allocated`, memory);
  }
}

class ThreadMemory implements Memory {
  private filled = 0;
  private busy = false;
  private closed = false;

  constructor(
    private readonly engine: ThreadEngine,
    readonly id: number,
    readonly slots: number,
    private seen: number,
    private readonly shows: Shown,
  ) {}

  get visible(): number {
    return this.shows === "filled" ? this.filled : this.seen;
  }

  get length(): number {
    return this.filled;
  }

  truncate(length: number): void {
    this.open();
    check("length", `an integer from 0 to ${this.filled}`, length, isIntegerIn(0, this.filled));
    this.filled = length;
    // Only a lost thread can fail this, and then the next call says so.
    this.engine.wire.call("truncate", { memory: this.id, length }).catch(() => {});
  }

  async keep(slots: readonly number[]): Promise<void> {
    this.open();
    await this.engine.wire.call("keep", { memory: this.id, slots });
    this.filled = slots.length;
  }

  async fork(parents: readonly number[]): Promise<void> {
    this.open();
    await this.engine.wire.call("fork", { memory: this.id, parents });
  }

  async load(rows: Readonly<Record<string, FloatTensor>>): Promise<void> {
    await this.during(() => this.engine.wire.call("load", { memory: this.id, rows }));
  }

  async read(state: string): Promise<FloatTensor> {
    this.open();
    return this.engine.wire.call("read", { memory: this.id, state });
  }

  /** Runs with this memory, which nobody else may touch meanwhile, since its length is known only when the run has ended. */
  async during<Result extends MemorySize>(run: () => Promise<Result>): Promise<Result> {
    this.open();
    this.busy = true;
    try {
      const result = await run();
      this.filled = result.length;
      this.seen = result.visible;
      return result;
    } finally {
      this.busy = false;
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.engine.release("closeMemory", this.id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    this.engine.open();
    if (this.closed) throw new ClosedError("memory");
    if (this.busy)
      throw new ExecutionError(
        this.engine.device.name,
        "this memory is in use by a run that has not ended",
        "Await that run first.",
      );
  }
}

/** What the thread needs to know of a checkpoint: the entries of the graph's weights and where they lie. */
function tableOf(id: number, graph: Graph, checkpoint: Checkpoint): CheckpointTable {
  const names = graph.weights.map(({ source }) => nameOf(source));
  return {
    id,
    label: checkpoint.label,
    entries: names.map((name) => {
      const { element, shape } = checkpoint.entries.get(name)!; // an entry may carry functions, which cannot be sent
      return { name, element, shape };
    }),
    extents: names.flatMap((name) => {
      const extent = checkpoint.extent(name);
      return extent ? [[name, extent] as const] : [];
    }),
  };
}
