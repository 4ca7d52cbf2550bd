/**
 * Graphs on ONNX Runtime, in the calling thread: `run` blocks it (the runtime's binding is synchronous), so applications
 * get this engine behind a worker thread (thread/host.ts) and only tests call it directly.
 *
 * The key-value caches are HostMemory: allocated once, fed to every run as they are, and appended to in place. On the CPU a
 * typed array is fed without a copy (measured: 0.2 ms for a run that is fed 800 MB and reads 4 kB of it).
 * On a GPU provider the caches are uploaded by every run; they stay on the host because a GPU tensor can be neither read
 * back (`getData` aborts the process in 1.30.0) nor written in part.
 */
import { ClosedError, DeviceError } from "../../base/errors.js";
import type { DeviceReport, Engine, FileProgram, Precision, Program } from "../engine.js";
import { nameOf, requireWeights } from "../feeds.js";
import type { Graph } from "../graph.js";
import { type Computed, HostProgram, type Tensors } from "../host-program.js";
import type { FloatTensor } from "../tensor.js";
import { type Native, ungated } from "../thread/gate.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { byteProductsAreExact } from "./byte-products.js";
import { lowerToOnnx } from "./lower.js";
import { type Placement, placeWeights } from "./placement.js";
import { OnnxSession, reasonOf, type Runtime, type Site } from "./session.js";
import { silenceTelemetry } from "./telemetry.js";
import { weightBytes } from "./weight-bytes.js";

export type OnnxProvider = "cpu" | "webgpu" | "cuda" | "coreml" | "dml";

export interface OnnxSettings {
  readonly device: DeviceReport;
  readonly provider: OnnxProvider;
  /** Threads of the CPU kernels; null: as many as there are physical cores, counted by the runtime. */
  readonly threads: number | null;
}

/**
 * When the threads of a program stop waiting busily for work. Every program has threads of its own, and those of one that has ended
 * stand in the way of the next. One with a memory runs again when its tokens are drawn, some milliseconds later, and its
 * threads should not sleep before that. Others stop at once.
 */
const waiting = (graph: Graph) => (graph.states.length > 0 ? { intra_op: { spin_duration_us: "4000" } } : STOPPING);

const STOPPING = { force_spinning_stop: "1" };

/** Opens ONNX Runtime in this thread; its native calls go through `native`. Throws DeviceError if its package cannot be loaded. */
export async function openOnnx(settings: OnnxSettings, native: Native = ungated): Promise<Engine> {
  silenceTelemetry();
  try {
    return new OnnxEngine(await import("onnxruntime-node"), settings, native);
  } catch (cause) {
    const remedy = "Install it for this platform: npm install onnxruntime-node@1.30.0";
    throw new DeviceError(settings.device.name, `onnxruntime-node does not load (${reasonOf(cause)})`, remedy, {
      cause,
    });
  }
}

class OnnxEngine implements Engine {
  private readonly programs = new Set<{ close(): Promise<void> }>();
  private readonly site: Site;
  private closed = false;

  constructor(
    runtime: Runtime,
    private readonly settings: OnnxSettings,
    native: Native,
  ) {
    this.site = { runtime, device: settings.device.name, native };
  }

  get device(): DeviceReport {
    return this.settings.device;
  }

  async compile(
    graph: Graph,
    weights: Checkpoint,
    options: { readonly precision?: Precision | undefined } = {},
  ): Promise<Program> {
    this.open();
    requireWeights(graph, weights);
    const session = await this.compiled(graph, weights, options.precision ?? "f32");
    const program = new OnnxProgram(graph, session, () => this.programs.delete(program));
    this.programs.add(program);
    return program;
  }

  private async compiled(graph: Graph, weights: Checkpoint, precision: Precision): Promise<OnnxSession> {
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
    const overflows = precision === "q8" && !(await this.site.native(() => byteProductsAreExact(this.site.runtime)));
    return this.session(`the graph "${graph.name}"`, model, externalData, {
      ...waiting(graph),
      ...(overflows && { x64quantprecision: "1" }),
      ...(placement.folder !== null && maps && { model_external_initializers_file_folder_path: placement.folder }),
    });
  }

  async openFile(path: string): Promise<FileProgram> {
    this.open();
    const session = await this.session(path, path, [], STOPPING);
    const program: FileProgram = {
      inputs: session.inputs,
      run: (inputs) => session.run(inputs),
      close: () => {
        this.programs.delete(program);
        return session.close();
      },
    };
    this.programs.add(program);
    return program;
  }

  private session(
    name: string,
    model: Uint8Array | string,
    externalData: readonly { readonly path: string; readonly data: Uint8Array }[],
    session: Readonly<Record<string, unknown>>,
  ): Promise<OnnxSession> {
    const { provider, threads } = this.settings;
    return OnnxSession.create(this.site, name, model, {
      executionProviders: [provider],
      ...(threads === null ? {} : { intraOpNumThreads: threads }),
      ...(externalData.length > 0 && { externalData }),
      logSeverityLevel: 3, // errors; warnings about node placement would go to the user's terminal
      extra: { session },
    });
  }

  private open(): void {
    if (this.closed) throw new ClosedError("engine");
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const program of [...this.programs]) await program.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class OnnxProgram extends HostProgram {
  constructor(
    graph: Graph,
    private readonly session: OnnxSession,
    private readonly forget: () => void,
  ) {
    super(graph);
  }

  protected async compute(inputs: Tensors, states: ReadonlyMap<string, FloatTensor>): Promise<Computed> {
    const past = Object.fromEntries([...states].map(([name, state]) => [`past:${name}`, state]));
    const fetched = await this.session.run({ ...inputs, ...past });
    const outputs = Object.keys(this.graph.outputs).map((name) => [name, fetched[name]!] as const);
    const names = this.graph.appends.map(({ state }) => nameOf(state.source));
    return {
      outputs: Object.fromEntries(outputs),
      rows: new Map(names.map((name) => [name, fetched[`new:${name}`]!])),
    };
  }

  protected release(): Promise<void> {
    this.forget();
    return this.session.close();
  }
}
