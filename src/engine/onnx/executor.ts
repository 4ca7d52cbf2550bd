/**
 * Graphs on ONNX Runtime, in the calling thread: `run` blocks it (the runtime's binding is synchronous), so applications
 * get this engine behind a worker thread (thread/host.ts) and only tests call it directly.
 *
 * The key-value caches are HostMemory: allocated once, fed to every run as they are, and appended to in place. On the CPU a
 * typed array is fed without a copy (measured: 0.2 ms for a run that is fed 800 MB and reads 4 kB of it).
 * On a GPU provider the caches are uploaded by every run; they stay on the host because a GPU tensor can be neither read
 * back (`getData` aborts the process in 1.30.0) nor written in part.
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { ClosedError, DeviceError, ExecutionError } from "../../base/errors.js";
import type { DeviceReport, Engine, FileProgram, Memory, Precision, Program } from "../engine.js";
import { bindSizes, nameOf, requireWeights, type Sizes } from "../feeds.js";
import type { Graph } from "../graph.js";
import { HostMemory, stateOf } from "../memory.js";
import { dtypeOf, type Tensor } from "../tensor.js";
import { type Native, ungated } from "../thread/gate.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { byteProductsAreExact } from "./byte-products.js";
import { lowerToOnnx } from "./lower.js";
import { type Placement, placeWeights } from "./placement.js";
import { silenceTelemetry } from "./telemetry.js";
import { weightBytes } from "./weight-bytes.js";

export type OnnxProvider = "cpu" | "webgpu" | "cuda" | "coreml" | "dml";

export interface OnnxSettings {
  readonly device: DeviceReport;
  readonly provider: OnnxProvider;
  /** Threads of the CPU kernels; null: as many as there are physical cores, counted by the runtime. */
  readonly threads: number | null;
}

type Runtime = typeof import("onnxruntime-node");

/**
 * When the threads of a program stop waiting busily for work. Every program has threads of its own, and those of one that has ended
 * stand in the way of the next. One with a memory runs again when its tokens are drawn, some milliseconds later, and its
 * threads should not sleep before that. Others stop at once.
 */
const waiting = (graph: Graph) =>
  graph.states.length > 0 ? { intra_op: { spin_duration_us: "4000" } } : { force_spinning_stop: "1" };

/** Opens ONNX Runtime in this thread; its native calls go through `native`. Throws DeviceError if its package cannot be loaded. */
export async function openOnnx(settings: OnnxSettings, native: Native = ungated): Promise<Engine> {
  silenceTelemetry();
  try {
    return new OnnxEngine(await import("onnxruntime-node"), settings, native);
  } catch (cause) {
    const remedy = "Install it for this platform: npm install onnxruntime-node@1.30.0";
    throw new DeviceError(settings.device.name, `onnxruntime-node does not load (${message(cause)})`, remedy, {
      cause,
    });
  }
}

class OnnxEngine implements Engine {
  private readonly programs = new Set<OnnxProgram | OnnxFileProgram>();
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly settings: OnnxSettings,
    private readonly native: Native,
  ) {}

  get device(): DeviceReport {
    return this.settings.device;
  }

  async compile(
    graph: Graph,
    weights: Checkpoint,
    options: { readonly precision?: Precision | undefined } = {},
  ): Promise<Program> {
    if (this.closed) throw new ClosedError("engine");
    requireWeights(graph, weights);
    const session = await this.session(graph, weights, options.precision ?? "f32");
    const program = new OnnxProgram(this.runtime, this.device.name, graph, session, this.native, () =>
      this.programs.delete(program),
    );
    this.programs.add(program);
    return program;
  }

  private async session(graph: Graph, weights: Checkpoint, precision: Precision): Promise<InferenceSession> {
    const names = graph.weights.map(({ source }) => nameOf(source));
    const placement = await placeWeights(names, weights);
    const lower = (locate: Placement["locate"]) =>
      lowerToOnnx(graph, {
        precision,
        stateful: "host",
        operators: this.settings.provider === "cpu" ? "onnxruntime" : "standard",
        locate: (use) => locate(use) ?? { location: use.initializer, offset: 0 },
      });
    // The runtime maps files or takes buffers, not both in one session: where one weight needs a buffer, all get one.
    const mapped = lower(placement.locate);
    const maps = mapped.weights.every((use) => placement.locate(use) !== null);
    const { model, weights: uses } = maps ? mapped : lower(() => null);
    const externalData: { path: string; data: Uint8Array }[] = [];
    if (!maps)
      for await (const [use, data] of weightBytes(uses, weights)) externalData.push({ path: use.initializer, data });
    const { provider, threads, device } = this.settings;
    const overflows = precision === "q8" && !(await this.native(() => byteProductsAreExact(this.runtime)));
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      ...(threads === null ? {} : { intraOpNumThreads: threads }),
      externalData,
      logSeverityLevel: 3, // errors; warnings about node placement would go to the user's terminal
      extra: {
        session: {
          ...waiting(graph),
          ...(overflows && { x64quantprecision: "1" }),
          ...(placement.folder !== null && maps && { model_external_initializers_file_folder_path: placement.folder }),
        },
      },
    };
    try {
      return await this.native(() => this.runtime.InferenceSession.create(model, options));
    } catch (cause) {
      throw new ExecutionError(
        device.name,
        `the graph "${graph.name}" does not compile (${message(cause)})`,
        undefined,
        {
          cause,
        },
      );
    }
  }

  async openFile(path: string): Promise<FileProgram> {
    if (this.closed) throw new ClosedError("engine");
    const { provider, threads, device } = this.settings;
    const options: InferenceSession.SessionOptions = {
      executionProviders: [provider],
      ...(threads === null ? {} : { intraOpNumThreads: threads }),
      logSeverityLevel: 3,
      extra: { session: { force_spinning_stop: "1" } },
    };
    const session = await this.native(() => this.runtime.InferenceSession.create(path, options)).catch((cause) => {
      throw new ExecutionError(device.name, `${path} does not load (${message(cause)})`, undefined, { cause });
    });
    const program = new OnnxFileProgram(this.runtime, device.name, path, session, this.native, () =>
      this.programs.delete(program),
    );
    this.programs.add(program);
    return program;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const program of [...this.programs]) await program.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class OnnxProgram implements Program {
  private readonly memories = new WeakSet<Memory>();
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly device: string,
    readonly graph: Graph,
    private readonly session: InferenceSession,
    private readonly native: Native,
    private readonly forget: () => void,
  ) {}

  async allocate(sizes: Sizes): Promise<Memory> {
    this.open();
    const memory = HostMemory.allocate(this.graph, sizes);
    this.memories.add(memory);
    return memory;
  }

  async run(inputs: Readonly<Record<string, Tensor>>, memory?: Memory): Promise<Readonly<Record<string, Tensor>>> {
    this.open();
    const states = stateOf(this.graph, this.memories, memory);
    const sizes = bindSizes(this.graph, inputs, states?.sizes);
    states?.reserve(this.graph, sizes);

    const feeds: Record<string, OrtTensor> = {};
    for (const [name, input] of Object.entries(inputs)) feeds[name] = this.wrap(input);
    for (const [name, state] of states?.states ?? []) feeds[`past:${name}`] = this.wrap(state);
    const fetched = await this.runOnce(feeds);

    states?.append(
      new Map(
        this.graph.appends.map(({ state }) => {
          const name = nameOf(state.source);
          return [name, unwrap(fetched[`new:${name}`]!)];
        }),
      ),
    );
    return Object.fromEntries(Object.keys(this.graph.outputs).map((name) => [name, unwrap(fetched[name]!)]));
  }

  private async runOnce(feeds: Record<string, OrtTensor>): Promise<Readonly<Record<string, OrtTensor>>> {
    try {
      return await this.native(() => this.session.run(feeds));
    } catch (cause) {
      throw new ExecutionError(this.device, `"${this.graph.name}" stopped (${message(cause)})`, undefined, { cause });
    }
  }

  private wrap({ shape, data }: Tensor): OrtTensor {
    const type = dtypeOf({ shape, data }) === "f32" ? "float32" : "int32";
    return new this.runtime.Tensor(type, data, shape);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.forget();
    await this.native(() => this.session.release());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private open(): void {
    if (this.closed) throw new ClosedError("program");
  }
}

class OnnxFileProgram implements FileProgram {
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly device: string,
    private readonly path: string,
    private readonly session: InferenceSession,
    private readonly native: Native,
    private readonly forget: () => void,
  ) {}

  get inputs(): readonly string[] {
    return this.session.inputNames;
  }

  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> {
    if (this.closed) throw new ClosedError("program");
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => {
        const type = dtypeOf({ shape, data }) === "f32" ? "float32" : "int32";
        return [name, new this.runtime.Tensor(type, data, shape)];
      }),
    );
    const fetched = await this.native(() => this.session.run(feeds)).catch((cause) => {
      throw new ExecutionError(this.device, `${this.path} stopped (${message(cause)})`, undefined, { cause });
    });
    const outputs = this.session.outputNames.map((name) => {
      const { dims, data } = fetched[name]!;
      const narrow = data instanceof BigInt64Array ? Int32Array.from(data, Number) : data;
      return [name, { shape: dims, data: narrow as Tensor["data"] }] as const;
    });
    return Object.fromEntries(outputs);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.forget();
    await this.native(() => this.session.release());
  }
}

const unwrap = ({ dims, data }: OrtTensor): Tensor => ({ shape: dims, data: data as Float32Array | Int32Array });

const message = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
