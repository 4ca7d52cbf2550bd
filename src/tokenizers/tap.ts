/** How tests look inside a network while it is built. */
import type { Value } from "../engine/graph.js";

/** Sees an intermediate value under the path of its module in the checkpoint, and gives it back. */
export type Tap = (path: string, value: Value) => Value;

export const untapped: Tap = (_, value) => value;
