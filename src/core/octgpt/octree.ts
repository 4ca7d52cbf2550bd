/**
 * The octree of OctGPT's tokens. A position is a cell: the shuffled key of a node (bit i of x, y, z at bit 3i+2, 3i+1, 3i) after all
 * cells of coarser depths. So the draws of a node are the same whatever else the octree has.
 */
import { ArgumentError } from "../../base/errors.js";
import type { OctgptConfig } from "./config.js";

/** The first position of a depth; that of the depth after the last one is the number of all positions. */
export const firstPosition = ({ fullDepth }: OctgptConfig, depth: number): number => (8 ** depth - 8 ** fullDepth) / 7;

export const positionCount = (config: OctgptConfig): number => firstPosition(config, config.codeDepth + 1);

/** The depth of a position. */
export function depthOf(config: OctgptConfig, position: number): number {
  let depth = config.fullDepth;
  while (position >= firstPosition(config, depth + 1)) depth++;
  return depth;
}

/** The cell of a position of a depth. */
export function cellOf(config: OctgptConfig, depth: number, position: number): [x: number, y: number, z: number] {
  const cell: [number, number, number] = [0, 0, 0];
  let key = position - firstPosition(config, depth);
  for (let bit = 0; bit < depth; bit++) {
    for (const axis of [2, 1, 0] as const) {
      cell[axis] |= (key & 1) << bit;
      key = Math.floor(key / 2);
    }
  }
  return cell;
}

/** The positions of the nodes of the full depth. */
export const fullPositions = ({ fullDepth }: OctgptConfig): number[] => [...Array(8 ** fullDepth).keys()];

/**
 * The positions of the children of the nodes of a depth that are split; `isSplit` answers for a position. Where none is, the first
 * is, for no depth is empty.
 */
export function childPositions(
  config: OctgptConfig,
  depth: number,
  positions: readonly number[],
  isSplit: (position: number) => boolean,
): number[] {
  const split = positions.filter(isSplit);
  const [own, below] = [firstPosition(config, depth), firstPosition(config, depth + 1)];
  return (split.length > 0 ? split : positions.slice(0, 1)).flatMap((position) =>
    Array.from({ length: 8 }, (_, child) => below + 8 * (position - own) + child),
  );
}

/**
 * The positions of all nodes down to the depth of the positions that are asked, depth by depth.
 *
 * @throws ArgumentError where a position is asked that is no node of the octree, or where a coarser node is not known.
 */
export function nodesFor(
  config: OctgptConfig,
  values: ReadonlyMap<number, number>,
  asked: readonly number[],
): readonly (readonly number[])[] {
  const depth = depthOf(config, asked[0] ?? 0);
  const depths = [fullPositions(config)];
  for (let d = config.fullDepth; d < depth; d++) {
    const missing = depths.at(-1)!.find((position) => !values.has(position));
    if (missing !== undefined)
      throw new ArgumentError("step.feed", `all nodes of depth ${d} before those of depth ${depth}`, missing);
    depths.push(childPositions(config, d, depths.at(-1)!, (position) => values.get(position) === 1));
  }
  const nodes = new Set(depths.at(-1));
  const stray = asked.find((position) => !nodes.has(position));
  if (stray !== undefined) throw new ArgumentError("step.fill", `nodes of depth ${depth}`, stray);
  return depths;
}
