/**
 * The reference engine: walks a graph and asks each row's oracle. Slow, exact, in plain TypeScript; it is what the other
 * devices are compared with, and the engine of tests.
 */
import { ClosedError } from "../base/errors.js";
import type { Engine, Precision } from "./engine.js";
import { nameOf, requireWeights } from "./feeds.js";
import type { Graph, Value } from "./graph.js";
import { type Computed, HostProgram, type Tensors } from "./host-program.js";
import { opNamed } from "./ops/index.js";
import { isMatrix, matrixWeights, rounded } from "./precision.js";
import type { FloatTensor, Tensor } from "./tensor.js";
import type { Checkpoint } from "./weights/checkpoint.js";

/** Opens the reference engine. Precisions below f32 multiply by the rounded weights, in float64 as ever. */
export function referenceEngine(): Engine {
  let open = true;
  const close = async () => {
    open = false;
  };
  return {
    device: { name: "reference", reason: "asked for by name" },
    async compile(graph, checkpoint, { precision = "f32" } = {}) {
      if (!open) throw new ClosedError("engine");
      requireWeights(graph, checkpoint);
      return new ReferenceProgram(graph, await loadWeights(graph, checkpoint, precision));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Weights = ReadonlyMap<string, FloatTensor>;

class ReferenceProgram extends HostProgram {
  constructor(
    graph: Graph,
    private readonly weights: { readonly exact: Weights; readonly asMatrix: Weights },
  ) {
    super(graph);
  }

  protected async compute(inputs: Tensors, states: ReadonlyMap<string, FloatTensor>): Promise<Computed> {
    const { graph, weights } = this;
    const known = new Map<Value, Tensor>();
    const tensorOf = (value: Value, asMatrix: boolean): Tensor => {
      const { source } = value;
      if (source.kind === "constant") return source.tensor;
      if (source.kind === "input") return inputs[source.name]!;
      if (source.kind === "state") return states.get(source.name)!;
      if (source.kind === "weight") return (asMatrix ? weights.asMatrix : weights.exact).get(source.name)!;
      return known.get(value)!;
    };
    for (const value of graph.nodes) {
      if (value.source.kind !== "node") continue;
      const { node } = value.source;
      const { op, inputs: from, attributes } = node;
      const operands = from.map((input, i) => input && tensorOf(input, isMatrix(node, i)));
      known.set(value, opNamed(op).oracle(operands, attributes));
    }
    const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, copyOf(tensorOf(value, false))]);
    const rows = graph.appends.map(({ state, rows }) => [nameOf(state.source), tensorOf(rows, false)] as const);
    return { outputs: Object.fromEntries(outputs) as Tensors, rows: new Map(rows) };
  }

  protected async release(): Promise<void> {}
}

/** Results belong to the caller, so an input, weight or constant that is an output, too, is not handed out itself. */
const copyOf = ({ shape, data }: Tensor): Tensor => ({ shape: [...shape], data: data.slice() });

/** All weights as they are, and the matrices as the precision rounds them. */
async function loadWeights(graph: Graph, checkpoint: Checkpoint, precision: Precision) {
  const matrices = matrixWeights(graph);
  const exact = new Map<string, FloatTensor>();
  const asMatrix = new Map<string, FloatTensor>();
  for (const value of graph.weights) {
    const name = nameOf(value.source);
    const shape = value.shape as readonly number[];
    const data = await checkpoint.floats(name);
    exact.set(name, { shape, data });
    if (matrices.has(name)) asMatrix.set(name, { shape, data: rounded(data, shape, precision) });
  }
  return { exact, asMatrix };
}
