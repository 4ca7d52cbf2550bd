/** Octrees that come to be from the top: split bits of a depth make the nodes of the next. */
import { check, isIntegerIn } from "../../base/check.js";
import type { PointOctree } from "./point-octree.js";

/** The octree of one shape whose nodes are all split down to `fullDepth`, and whose last depth that is. */
export function fullOctree(fullDepth: number): PointOctree {
  check("fullDepth", "a depth from 0 to 8", fullDepth, isIntegerIn(0, 8));
  const depths = Array.from({ length: fullDepth + 1 }, (_, d) => 8 ** d);
  return {
    ...{ depth: fullDepth, fullDepth, batch: 1 },
    keys: depths.map((nodes) => Float64Array.from({ length: nodes }, (_, key) => key)),
    children: depths.map((nodes) => Int32Array.from({ length: nodes }, (_, i) => i)),
  };
}

/** The octree of one shape down to `depth` alone, whose nodes have no children then. */
export const cutAt = (octree: PointOctree, depth: number): PointOctree => ({
  ...octree,
  depth,
  keys: octree.keys.slice(0, depth + 1),
  children: [...octree.children.slice(0, depth), new Int32Array(octree.keys[depth]!.length).fill(-1)],
});

/**
 * An octree of one shape, whose nodes of the last depth are split where `bits` is 1, with the eight children of each as the next
 * depth. Where no bit is set the first node is split, for no depth is empty.
 */
export function grown(octree: PointOctree, bits: ArrayLike<number>): PointOctree {
  const { depth, keys, children } = octree;
  const own = keys[depth]!;
  check("bits", `${own.length} bits`, bits.length, (count) => count === own.length);
  const none = Array.prototype.every.call(bits, (bit: number) => bit === 0);
  let next = 0;
  const numbers = Int32Array.from(own, (_, i) => (bits[i] === 1 || (none && i === 0) ? next++ : -1));
  const below = new Float64Array(8 * next);
  for (const [i, child] of numbers.entries())
    if (child >= 0) for (let k = 0; k < 8; k++) below[8 * child + k] = 8 * own[i]! + k;
  return {
    ...octree,
    depth: depth + 1,
    keys: [...keys, below],
    children: [...children.slice(0, depth), numbers, new Int32Array(below.length).fill(-1)],
  };
}
