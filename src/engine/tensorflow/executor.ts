/**
 * Graphs on TensorFlow.js, in the calling thread: walks the nodes and calls each row's tfjs face. Which backend does the
 * work is the user's choice of package (backends.ts).
 *
 * Weights are uploaded once. Half and block precisions are rounded as they would be and then held as float32, since tfjs
 * has no kernels for them: results are those of that precision, memory is not.
 * Caches are HostMemory and are uploaded by every run: tfjs has no operation that writes into a tensor.
 */
import { ClosedError, ExecutionError } from "../../base/errors.js";
import type { DeviceReport, Engine, Precision, Program } from "../engine.js";
import { nameOf, requireWeights } from "../feeds.js";
import type { Graph, Value } from "../graph.js";
import { type Computed, HostProgram, type Tensors } from "../host-program.js";
import type { Tfjs, TfTensor } from "../op.js";
import { opNamed } from "../ops/index.js";
import { isMatrix } from "../precision.js";
import { dtypeOf, type FloatTensor, type Tensor } from "../tensor.js";
import { type Native, ungated } from "../thread/gate.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import { loadBackend, type TensorflowBackend } from "./backends.js";
import { type HeldWeights, holdWeights } from "./weights.js";

export interface TensorflowSettings {
  readonly device: DeviceReport;
  readonly backend: TensorflowBackend;
}

/**
 * Loads the backend in this thread; its runs go through `native`.
 * Throws DeviceError with the install command if its packages are not there or do not start.
 */
export async function openTensorflow(
  { device, backend }: TensorflowSettings,
  native: Native = ungated,
): Promise<Engine> {
  return new TensorflowEngine(await loadBackend(backend, device.name), device, native);
}

class TensorflowEngine implements Engine {
  private readonly programs = new Set<TensorflowProgram>();
  private closed = false;

  constructor(
    private readonly tf: Tfjs,
    readonly device: DeviceReport,
    private readonly native: Native,
  ) {}

  async compile(
    graph: Graph,
    weights: Checkpoint,
    { precision = "f32" }: { readonly precision?: Precision | undefined } = {},
  ): Promise<Program> {
    if (this.closed) throw new ClosedError("engine");
    requireWeights(graph, weights);
    const held = await holdWeights(this.tf, graph, weights, precision);
    const program = new TensorflowProgram(this.tf, this.device.name, graph, held, this.native, () =>
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

class TensorflowProgram extends HostProgram {
  /** After which node a value is not needed any more; values that are handed out are never in it. */
  private readonly lastUse: ReadonlyMap<number, number>;
  private readonly constants = new Map<number, TfTensor>();

  constructor(
    private readonly tf: Tfjs,
    private readonly device: string,
    graph: Graph,
    private readonly weights: HeldWeights,
    private readonly native: Native,
    private readonly forget: () => void,
  ) {
    super(graph);
    this.lastUse = lastUses(graph);
    for (const node of graph.nodes) {
      for (const input of inputsOf(node)) {
        if (input?.source.kind === "constant") this.constants.set(input.id, this.upload(input.source.tensor));
      }
    }
  }

  protected compute(inputs: Tensors, states: ReadonlyMap<string, FloatTensor>): Promise<Computed> {
    return this.native(() => this.walk(inputs, states));
  }

  private async walk(inputs: Tensors, states: ReadonlyMap<string, FloatTensor>): Promise<Computed> {
    const live = new Map<number, TfTensor>();
    try {
      for (const value of this.graph.inputs) live.set(value.id, this.upload(inputs[nameOf(value.source)]!));
      for (const value of this.graph.states) live.set(value.id, this.upload(states.get(nameOf(value.source))!));
      for (const [step, value] of this.graph.nodes.entries()) this.step(value, step, live);

      // All reads at once: on WebGPU each waits for the whole queue.
      const all = <K extends string>(values: readonly (readonly [K, Value])[]) =>
        Promise.all(values.map(async ([name, value]) => [name, await this.download(value, live)] as const));
      const [outputs, rows] = await Promise.all([
        all(Object.entries(this.graph.outputs)),
        all(this.graph.appends.map(({ state, rows }) => [nameOf(state.source), rows] as const)),
      ]);
      return { outputs: Object.fromEntries(outputs), rows: new Map(rows) };
    } catch (cause) {
      throw new ExecutionError(this.device, `"${this.graph.name}" stopped (${(cause as Error).message})`, undefined, {
        cause,
      });
    } finally {
      for (const tensor of live.values()) tensor.dispose();
    }
  }

  private step(value: Value, step: number, live: Map<number, TfTensor>): void {
    const { node } = value.source as Extract<Value["source"], { kind: "node" }>;
    const { op, inputs, attributes } = node;
    const tensors = inputs.map((input, i) => input && this.read(input, isMatrix(node, i), live));
    live.set(
      value.id,
      this.tf.tidy(() => opNamed(op).tfjs(this.tf, tensors, attributes)),
    );
    for (const input of inputs) {
      if (input && this.lastUse.get(input.id) === step && live.has(input.id)) {
        live.get(input.id)!.dispose();
        live.delete(input.id);
      }
    }
  }

  private read({ id, source }: Value, asMatrix: boolean, live: ReadonlyMap<number, TfTensor>): TfTensor {
    if (source.kind === "weight") return (asMatrix ? this.weights.matrices : this.weights.exact).get(id)!;
    return (source.kind === "constant" ? this.constants : live).get(id)!;
  }

  private upload(tensor: Tensor): TfTensor {
    return this.tf.tensor(tensor.data, [...tensor.shape], dtypeOf(tensor) === "f32" ? "float32" : "int32");
  }

  /** A copy in the array of its type: some backends hand out their own array, even an input's of the other type. */
  private async download(value: Value, live: ReadonlyMap<number, TfTensor>): Promise<Tensor> {
    const tensor = this.read(value, false, live);
    const data = await tensor.data();
    return { shape: tensor.shape, data: value.dtype === "f32" ? Float32Array.from(data) : Int32Array.from(data) };
  }

  protected async release(): Promise<void> {
    this.forget();
    for (const held of [this.weights.exact, this.weights.matrices, this.constants]) {
      for (const tensor of held.values()) tensor.dispose();
    }
  }
}

const inputsOf = ({ source }: Value) => (source.kind === "node" ? source.node.inputs : []);

function lastUses(graph: Graph): Map<number, number> {
  const last = new Map<number, number>();
  for (const [step, value] of graph.nodes.entries()) {
    for (const input of inputsOf(value)) if (input) last.set(input.id, step);
  }
  for (const value of Object.values(graph.outputs)) last.delete(value.id);
  for (const { rows } of graph.appends) last.delete(rows.id);
  return last;
}
