/** What both estimators of the flow's velocity take, and how a time and a batch for guidance are fed to them. */
import type { GraphBuilder, Value } from "../../../engine/graph.js";
import { opsOf } from "../../../engine/ops/index.js";
import { type FloatTensor, tensor } from "../../../engine/tensor.js";

/** Inputs of an estimator. Without a condition, the second row of a guided batch has zeros for all but x. */
export interface EstimatorInputs {
  /** The mel as far as it is, mu, and the mel of the prompt with zeros behind, [1, mels, T] each. */
  readonly x: Value;
  readonly mu: Value;
  readonly prompt: Value;
  /** [1, mels]. */
  readonly speaker: Value;
  /** Sinusoids of the time, [1, size]. */
  readonly time: Value;
  /** null where all see all. */
  readonly mask: Mask | null;
}

/** What is added to the scores against `keys`, as in conformer.ts. */
export type Mask = (keys: Value) => Value;

/** What graphs for pieces call the number of frames in front. */
export const PAST = "past";

/** The inputs side by side in the channels in the order given, [1 or 2, 4·mels, T]. */
export function stackedInputs(
  g: GraphBuilder,
  inputs: EstimatorInputs,
  order: readonly ("x" | "mu" | "speaker" | "prompt")[],
  guided: boolean,
): Value {
  const o = opsOf(g);
  const nothing = o.affine(inputs.mu, { scale: 0 });
  const speaker = o.add(nothing, o.reshape(inputs.speaker, { shape: [0, -1, 1] }));
  const parts = { ...inputs, speaker };
  const row = o.concat(...order.map((name) => parts[name]), { axis: 1 });
  if (!guided) return row;
  const bare = o.concat(...order.map((name) => (name === "x" ? inputs.x : nothing)), { axis: 1 });
  return o.concat(row, bare, { axis: 0 });
}

/** Sines, then cosines, of 1000 · t at `size`/2 frequencies from 1 down to 1/10000: [1, size]. */
export function timeSinusoids(t: number, size: number): FloatTensor {
  const half = size / 2;
  const data = new Float32Array(size);
  for (let i = 0; i < half; i++) {
    const angle = 1000 * t * Math.exp((-i * Math.log(10000)) / (half - 1));
    data[i] = Math.sin(angle);
    data[half + i] = Math.cos(angle);
  }
  return tensor([1, size], data);
}
