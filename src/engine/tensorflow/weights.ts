/** Which weights follow the precision of a program, and what they are once rounded to it. */
import type { Graph } from "../graph.js";
import type { Precision } from "../engine.js";

/** The names of the weights that are the matrix of a `linear`: the only ones that are ever held in less than float32. */
export function matrixWeights(graph: Graph): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { source } of graph.nodes) {
    if (source.kind !== "node" || source.node.op !== "linear") continue;
    const weight = source.node.inputs[1]!;
    if (weight.source.kind === "weight") names.add(weight.source.name);
  }
  return names;
}
export function rounded(floats: Float32Array, shape: readonly number[], precision: Precision): Float32Array {
  if (precision !== "f32") throw new Error("TODO "+shape);
  return floats;
}
