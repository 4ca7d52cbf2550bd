/**
 * Weight normalisation undone at loading: w = g · v / |v|, the norm over all axes but the first (Salimans and Kingma 2016,
 * arXiv 1602.07868 §2). Files hold g and v; graphs ask for w.
 */
import type { Checkpoint } from "./checkpoint.js";
import { checkpointOf, type Stored } from "./stored.js";

/** How PyTorch names [g, v] of the weight `$`: parametrizations since 2.0, hooks before. */
const SPELLINGS = [
  [".parametrizations.weight.original0", ".parametrizations.weight.original1"],
  [".weight_g", ".weight_v"],
] as const;

/** The checkpoint with every pair of gain and direction replaced by the weight that they stand for; other tensors stay as they are. */
export function withoutWeightNorm(checkpoint: Checkpoint): Checkpoint {
  const { entries } = checkpoint;
  const tensors: Stored[] = [];
  for (const [name, { element, shape }] of entries) {
    const pair = SPELLINGS.find(([g, v]) => {
      const stem = name.endsWith(v) ? name.slice(0, -v.length) : name.endsWith(g) ? name.slice(0, -g.length) : null;
      return stem !== null && entries.has(stem + g) && entries.has(stem + v);
    });
    if (!pair) {
      const extent = checkpoint.extent(name);
      tensors.push({ name, element, shape, extent, read: () => checkpoint.bytes(name) });
    } else if (name.endsWith(pair[1])) {
      const stem = name.slice(0, -pair[1].length);
      const read = async () => folded(await checkpoint.floats(stem + pair[0]), await checkpoint.floats(name));
      tensors.push({ name: `${stem}.weight`, element: "f32", shape, extent: null, read });
    }
  }
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}

function folded(gain: Float32Array, direction: Float32Array): Uint8Array {
  const size = direction.length / gain.length;
  const weight = new Float32Array(direction.length);
  for (const [row, g] of gain.entries()) {
    let squares = 0;
    for (let i = row * size; i < (row + 1) * size; i++) squares += direction[i]! ** 2;
    const scale = g / Math.sqrt(squares);
    for (let i = row * size; i < (row + 1) * size; i++) weight[i] = direction[i]! * scale;
  }
  return new Uint8Array(weight.buffer);
}
