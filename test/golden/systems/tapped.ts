/** Runs of graphs in which every tapped value is an output. */
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder, type Value } from "../../../src/engine/graph.js";
import type { Tensor } from "../../../src/engine/tensor.js";
import type { Checkpoint } from "../../../src/engine/weights/checkpoint.js";
import type { Tap } from "../../../src/tokenizers/tap.js";
import type { Numbers } from "../compare.js";

/** Builds a graph in which every tapped value is an output, runs it, and answers all of them by their paths. */
export async function tapped(
  engine: Engine,
  weights: Checkpoint,
  build: (g: GraphBuilder, tap: Tap) => void,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const g = new GraphBuilder("golden");
  const outputs: Record<string, Value> = {};
  build(g, (path, value) => (outputs[path] = value));
  await using program = await engine.compile(g.build(outputs), weights);
  return program.run(inputs);
}

/** The same numbers under the shape of what they are compared with, if that has as many. */
export const shapedLike = (actual: Numbers, { shape, data }: Numbers): Numbers =>
  actual.data.length === data.length ? { shape, data: actual.data } : actual;

/** The leading part of each axis, as large as in `stored`; axes of size 1 in front are left out where `stored` has fewer axes. */
export function headOf(actual: Numbers, stored: Numbers): Numbers {
  const extra = actual.shape.length - stored.shape.length;
  const from = actual.shape.slice(extra);
  if (actual.shape.slice(0, Math.max(extra, 0)).some((size) => size !== 1)) return actual;
  if (from.length !== stored.shape.length || from.some((size, axis) => size < stored.shape[axis]!)) return actual;
  const data = stored.data.slice();
  const strides = from.map((_, axis) => from.slice(axis + 1).reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let at = 0;
    for (let axis = from.length - 1; axis >= 0; axis--) {
      at += (rest % stored.shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / stored.shape[axis]!);
    }
    data[i] = actual.data[at]!;
  }
  return { shape: stored.shape, data } as Numbers;
}
