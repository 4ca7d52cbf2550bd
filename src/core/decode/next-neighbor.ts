/**
 * Next-neighbor decoding (NAR, arXiv 2503.10696 §3.1): outwards from the first token, in each pass every position at the
 * next Manhattan distance from it. A grid of n × n takes 2n - 1 passes, one of T × H × W takes T + H + W - 2.
 */
import { diagonals } from "../grid.js";
import { inGroups } from "./in-groups.js";
import type { Draws, Strategy } from "./step.js";

/** Decodes grids of these extents, [rows, columns] or [frames, rows, columns]. */
export const nextNeighbor = <T = number>(items: number, extents: readonly number[]): Strategy<T, Draws<T>> =>
  inGroups<T>(items, diagonals(extents));
