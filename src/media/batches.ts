/** How many items are made at once: as many as fit into memory. Results do not depend on it, as draws are addressed by item. */
import type { Graph } from "../engine/graph.js";
import type { RunSettings } from "./settings.js";

/** Items that are made together; `first` counts among all items of the seed. */
export interface Batch {
  readonly first: number;
  readonly items: number;
}

/** `itemBytes` of items that are made one after the other, however small they are. */
export const APART = Number.POSITIVE_INFINITY;

/** Bytes that the states of one batch may take. */
const STATE_BYTES = 2 ** 29;

/** Items that are made at once, at most. */
export const batchSize = (itemBytes: number, most: number = STATE_BYTES): number =>
  Math.max(1, Math.floor(most / itemBytes));

/** The items of a run in batches of at least one item. `itemBytes`: the memory of one item while it is made. */
export function* batchesOf(
  { n, firstIndex }: RunSettings,
  itemBytes: number,
  most: number = STATE_BYTES,
): Generator<Batch, void, void> {
  const size = batchSize(itemBytes, most);
  for (let start = 0; start < n; start += size) yield { first: firstIndex + start, items: Math.min(size, n - start) };
}

/** Bytes of the states of a graph with those sizes, such as { B: 1, S: 257 }. */
export function stateBytes({ states }: Graph, sizes: Readonly<Record<string, number>>): number {
  const elements = states.map(({ shape }) =>
    shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : sizes[dim]!), 1),
  );
  return 4 * elements.reduce((sum, count) => sum + count, 0);
}
