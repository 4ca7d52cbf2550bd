/** A checkpoint in memory that fits a list of graphs: small normal numbers, the same on every run. */
import { uniform } from "../src/base/random.js";
import type { Graph } from "../src/engine/graph.js";
import { sizeOf, type Tensor } from "../src/engine/tensor.js";
import type { Checkpoint } from "../src/engine/weights/checkpoint.js";
import { memoryCheckpoint } from "../src/engine/weights/stored.js";

const DEVIATION = 0.02;

export function randomWeights(...graphs: readonly Graph[]): Checkpoint {
  const tensors = new Map<string, Tensor>();
  let start = 0; // another for each tensor: ONNX Runtime keeps one copy of equal weights, which no real model has
  for (const { name, shape } of graphs.flatMap(weightsOf)) {
    const data = shape.length === 1 ? new Float32Array(shape[0]!).fill(1) : normal(sizeOf(shape), (start += 7919));
    tensors.set(name, { shape, data });
  }
  return memoryCheckpoint("random", tensors);
}

const weightsOf = (graph: Graph) =>
  graph.weights.map(({ source, shape }) => ({
    name: source.kind === "weight" ? source.name : "",
    shape: shape as readonly number[],
  }));

/** A table of draws, repeated: what is measured does not depend on the numbers. */
const TABLE = Float32Array.from({ length: 65_537 }, (_, position) => {
  const address = { seed: 1, item: 0, position, purpose: "noise" } as const;
  return DEVIATION * Math.sqrt(-2 * Math.log(1 - uniform(address))) * Math.cos(2 * Math.PI * uniform(address, 1));
});

function normal(count: number, start: number): Float32Array {
  const out = new Float32Array(count);
  for (let at = 0, from = start % TABLE.length; at < count; from = 0) {
    const run = TABLE.subarray(from, from + count - at);
    out.set(run, at);
    at += run.length;
  }
  return out;
}
