/** Streams drawn uniformly from what the grammar allows. */
import { uniform } from "../../../src/base/random.js";
import { FIRST, SHAPE_VOCABULARY } from "../../../src/tokenizers/octree/vocabulary.js";
import { OctreeWalk } from "../../../src/tokenizers/octree/walk.js";

/** A whole stream of that depth. A byte is drawn with about `density` of its bits. */
export function randomStream(seed: number, depth: number, density = 0.5): number[] {
  const walk = new OctreeWalk();
  const ids: number[] = [];
  let draws = 0;
  const draw = () => uniform({ seed, item: 0, position: draws++, purpose: "token" });
  while (walk.expected.kind !== "nothing") {
    let id: number;
    if (walk.expected.kind === "depth") id = FIRST.depth + depth - 1;
    else if (walk.expected.kind === "byte") {
      let byte = 0;
      for (let bit = 0; bit < 8; bit++) if (draw() < density) byte |= 1 << bit;
      id = FIRST.byte + byte;
      if (!walk.allows(id)) id = firstAllowed(walk, draw());
    } else id = firstAllowed(walk, draw());
    walk.accept(id);
    ids.push(id);
  }
  return ids;
}

/** The allowed id at that share of the vocabulary, cyclically. */
function firstAllowed(walk: OctreeWalk, share: number): number {
  const start = Math.floor(share * SHAPE_VOCABULARY);
  for (let i = 0; i < SHAPE_VOCABULARY; i++) {
    const id = (start + i) % SHAPE_VOCABULARY;
    if (walk.allows(id)) return id;
  }
  throw new Error("the grammar allows nothing");
}
