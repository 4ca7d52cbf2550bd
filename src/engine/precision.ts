/** Which weights follow the precision of a program, and what they are once rounded to it. */
import type { Precision } from "./engine.js";
import type { Graph, Node } from "./graph.js";
import { toHalves } from "./half.js";
import { dequantise, quantise } from "./quantise.js";
import { toFloats } from "./weights/floats.js";

/** The names of the weights that are the matrix of a `linear` or `bulkLinear`: the only ones that are ever held in less than float32. */
export function matrixWeights(graph: Graph): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { source } of graph.nodes) {
    if (source.kind !== "node") continue;
    for (const [i, input] of source.node.inputs.entries()) {
      if (input?.source.kind === "weight" && isMatrix(source.node, i)) names.add(input.source.name);
    }
  }
  return names;
}

/** Whether this input of the node is where a weight follows the precision of the program. */
export const isMatrix = ({ op }: Node, input: number): boolean =>
  (op === "linear" || op === "bulkLinear") && input === 1;

/** The matrix [out, in] with every number rounded to that precision. "f32" gives the same array back. */
export function rounded(weights: Float32Array, shape: readonly number[], precision: Precision): Float32Array {
  return ROUND[precision](weights, shape as readonly [number, number]);
}

const ROUND: Readonly<Record<Precision, (weights: Float32Array, shape: readonly [number, number]) => Float32Array>> = {
  f32: (weights) => weights,
  f16: (weights) => toFloats("f16", new Uint8Array(toHalves(weights).buffer)),
  q8: (weights, shape) => dequantise(quantise(weights, shape, 8)),
  q4: (weights, shape) => dequantise(quantise(weights, shape, 4)),
};
