/** The code of a shape as ids: whether each node is split, depth by depth from the full one, and then the bits of each code. */
import { check } from "../../base/check.js";
import { fullOctree, grown } from "../octree/grow.js";
import { splitSequence } from "../octree/point-octree.js";
import { codeDepthOf, fullDepthOf, type ShapeCodecConfig } from "./config.js";
import type { ShapeCode } from "./shape-codec.js";

/** The ids of a code: 0 or 1 for each node of a depth; of each code its bits, the first one lowest. */
export function idsOfCode(config: ShapeCodecConfig, { octree, bits }: ShapeCode): Int32Array {
  const split = splitSequence(octree, codeDepthOf(config));
  const ids = new Int32Array(split.length + bits.length / config.bits);
  ids.set(split);
  for (const [i, bit] of bits.entries()) ids[split.length + Math.floor(i / config.bits)]! |= bit << (i % config.bits);
  return ids;
}

/** The code that ids say. Throws ArgumentError for more or fewer ids than its octree has nodes, or a node that is split neither 0 nor 1 times. */
export function codeOfIds(config: ShapeCodecConfig, ids: ArrayLike<number>): ShapeCode {
  const codeDepth = codeDepthOf(config);
  let octree = fullOctree(fullDepthOf(config));
  let at = 0;
  const next = (count: number) => {
    check("ids", `at least ${at + count} ids`, ids.length, (length) => length >= at + count);
    return Array.from({ length: count }, () => ids[at++]!);
  };
  while (octree.depth < codeDepth) {
    const split = next(octree.keys[octree.depth]!.length);
    check("ids", `0 or 1 for each node above depth ${codeDepth}`, split, (list) =>
      list.every((id) => id === 0 || id === 1),
    );
    octree = grown(octree, split);
  }
  const codes = next(octree.keys[codeDepth]!.length);
  check("ids", `${at} ids`, ids.length, (length) => length === at);
  const bits = Uint8Array.from({ length: codes.length * config.bits }, (_, i) => {
    return (codes[Math.floor(i / config.bits)]! >>> (i % config.bits)) & 1;
  });
  return { octree, bits };
}
