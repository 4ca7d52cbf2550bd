/** Pieces of graphs that several architectures share. */
import { UnknownNameError } from "../base/errors.js";
import type { Value } from "../engine/graph.js";
import type { Ops } from "../engine/ops/index.js";

/** A weight of a block by its name there. */
export type Weight = (name: string, shape: readonly number[]) => Value;

/** With what a gated MLP is built. */
export interface Gated {
  readonly o: Ops;
  /** Of rows and a matrix of weights. */
  readonly product: Ops["linear"];
  readonly weight: Weight;
}

/** w2(silu(w1 x) · (w3 x)): x [B, T, C] -> [B, T, C] through `hidden`. */
export function swiglu({ o, product, weight }: Gated, x: Value, C: number, hidden: number): Value {
  const gate = o.silu(product(x, weight("w1", [hidden, C]), null));
  return product(o.mul(gate, product(x, weight("w3", [hidden, C]), null)), weight("w2", [C, hidden]), null);
}

/** The intermediate value of that name, or an UnknownNameError that lists the names. */
export function tapped(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (!value) throw new UnknownNameError("tap", name, [...values.keys()]);
  return value;
}
