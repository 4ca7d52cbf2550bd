/** Parts of golden tensors, and empty ones to fill. */
import type { Distribution } from "../../../src/core/sampling/sampling.js";
import { sizeOf } from "../../../src/engine/tensor.js";
import type { Numbers } from "../compare.js";

/** What lies at the given indices of the leading axes, not copied. */
export function rowAt(io: ReadonlyMap<string, Numbers>, name: string, ...at: readonly number[]): Numbers["data"] {
  const { shape, data } = io.get(name)!;
  const size = sizeOf(shape.slice(at.length));
  const index = at.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
  return data.subarray(index * size, (index + 1) * size);
}

/** A tensor of that shape, full of zeros or of `fill`. */
export function zeros(type: "f32" | "i32", shape: readonly number[], fill = 0) {
  const data = type === "f32" ? new Float32Array(sizeOf(shape)) : new Int32Array(sizeOf(shape));
  return { shape, data: data.fill(fill) };
}

/** The distribution of all ids that a row of probabilities states. */
export const distributionFrom = (probabilities: Numbers["data"]): Distribution => ({
  ids: Int32Array.from(probabilities, (_, id) => id),
  probabilities: Float64Array.from(probabilities),
});
