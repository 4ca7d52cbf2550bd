/** What is fed to a run, checked against the graph once, for every device alike. */
import { ShapeError, WeightsError } from "../base/errors.js";
import type { Dim, Graph } from "./graph.js";
import { dtypeOf, sizeOf, type Tensor } from "./tensor.js";
import type { Checkpoint } from "./weights/checkpoint.js";

/** Values of the named sizes, such as { B: 2, S: 257, T: 1 }. */
export type Sizes = Readonly<Record<string, number>>;

/**
 * Checks that the inputs are those of the graph, in type and shape, and returns the named sizes that follow from them.
 * `known` are sizes that are settled already, such as those of the memory. Throws ShapeError.
 */
export function bindSizes(graph: Graph, inputs: Readonly<Record<string, Tensor>>, known: Sizes = {}): Sizes {
  const sizes: Record<string, number> = { ...known };
  const refuse = (name: string, problem: string): never => {
    throw new ShapeError(graph.name, `input "${name}" ${problem}`);
  };
  const names = graph.inputs.map((value) => nameOf(value.source));
  for (const name of Object.keys(inputs)) {
    if (!names.includes(name)) refuse(name, `is not one of ${names.join(", ") || "none"}`);
  }
  for (const [i, { shape, dtype }] of graph.inputs.entries()) {
    const name = names[i]!;
    const tensor = Object.hasOwn(inputs, name) ? inputs[name]! : refuse(name, "is missing");
    if (dtypeOf(tensor) !== dtype) refuse(name, `is ${dtypeOf(tensor)} but should be ${dtype}`);
    if (tensor.shape.length !== shape.length || sizeOf(tensor.shape) !== tensor.data.length)
      refuse(name, `has shape [${tensor.shape}] and ${tensor.data.length} numbers but should be [${shape}]`);
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim === "string" && /^\w+$/.test(dim)) sizes[dim] ??= tensor.shape[axis]!;
    }
  }
  // Second pass, when every plain name has its value: numbers, contradictions, and sums such as "S+T".
  for (const [i, { shape }] of graph.inputs.entries()) {
    const { shape: fed } = inputs[names[i]!]!;
    for (const [axis, dim] of shape.entries()) {
      const size = sizeOfDim(dim, sizes);
      if (size !== undefined && size !== fed[axis])
        refuse(names[i]!, `has shape [${fed}] but [${shape}] needs ${dim} = ${size} on axis ${axis}`);
    }
  }
  return sizes;
}

/** The size that `dim` stands for: a number, a name, or a sum of those; undefined where a name is not known. */
export function sizeOfDim(dim: Dim, sizes: Sizes): number | undefined {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const term of dim.split("+")) {
    const size = Object.hasOwn(sizes, term) ? sizes[term]! : Number(term);
    if (!Number.isInteger(size)) return undefined;
    sum += size;
  }
  return sum;
}

/** Throws one WeightsError that names every weight of the graph that the checkpoint lacks or holds in another shape. */
export function requireWeights(graph: Graph, checkpoint: Checkpoint): void {
  const faults = graph.weights.flatMap(({ source, shape }) => {
    const name = nameOf(source);
    const entry = checkpoint.entries.get(name);
    if (!entry) return [`missing: ${name} [${shape}]`];
    return entry.shape.join() === shape.join() ? [] : [`${name}: expected [${shape}] but found [${entry.shape}]`];
  });
  if (faults.length > 0) throw new WeightsError(checkpoint.label, faults);
}

/** The name of an input, weight or state. */
export function nameOf(source: Graph["inputs"][number]["source"]): string {
  return "name" in source ? source.name : "";
}
