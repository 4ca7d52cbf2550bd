/** One level of an octree: nodes, what was said of each, and the level below. */

/** The nodes of one level, in Morton order. */
export interface Level {
  readonly keys: readonly number[];
  /** The colour state of each node; of those that were not said yet, VARIED. */
  readonly colours: number[];
  /** The byte of each node, as far as they were said. */
  readonly bytes: number[];
}

/** The nodes below a level whose bytes are all known. Their colours are those of their parents. */
export function childrenOf({ keys, bytes, colours }: Level): Level {
  const children: Level & { keys: number[] } = { keys: [], colours: [], bytes: [] };
  for (const [node, key] of keys.entries()) {
    for (let child = 0; child < 8; child++) {
      if (((bytes[node]! >> child) & 1) === 0) continue;
      children.keys.push(8 * key + child);
      children.colours.push(colours[node]!);
    }
  }
  return children;
}
