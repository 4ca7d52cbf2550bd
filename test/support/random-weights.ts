/** Weights for the graphs of a test: as many as they ask for, not random at all, and the same each time. */
import type { Graph } from "../../src/engine/graph.js";
import { type FloatTensor, sizeOf, tensor } from "../../src/engine/tensor.js";

/** By name. Vectors are near one, so that norms and gains pass what they get. */
export function wavyWeights(...graphs: readonly Graph[]): Map<string, FloatTensor> {
  const found = new Map<string, FloatTensor>();
  for (const { source, shape } of graphs.flatMap(({ weights }) => weights)) {
    const sizes = shape as readonly number[];
    const name = source.kind === "weight" ? source.name : "";
    const spread = sizes.length === 1 ? 0.05 : 1 / Math.sqrt(sizeOf(sizes.slice(1)));
    const centre = sizes.length === 1 && !name.endsWith("bias") ? 1 : 0;
    const start = found.size * 31;
    const data = Float32Array.from(
      { length: sizeOf(sizes) },
      (_, i) => centre + 0.6 * spread * Math.sin((start + i) * 12.9898),
    );
    found.set(name, tensor(sizes, data));
  }
  return found;
}
