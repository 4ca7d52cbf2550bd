/** The rows that a stack of OctGPT sees: of each shape the condition and then its nodes, coarse to fine; and what is known of each row. */
import { f32, i32, type Tensor, tensor } from "../../engine/tensor.js";
import { depthCount, GRID, type OctgptConfig } from "./config.js";
import { PARTITIONS, windowsOf } from "./windows.js";

/** A row: its shape, its depth less the full one (0 for the condition), and where it lies on the grid of positions. */
export interface Row {
  readonly item: number;
  readonly depth: number;
  readonly place: readonly [number, number, number];
}

/** The middle of a cell of a depth on the grid of positions. */
export const placeOf = (cell: readonly number[], depth: number): [number, number, number] => {
  const size = GRID / 2 ** depth;
  return cell.map((c) => c * size + size / 2) as [number, number, number];
};

/** What hides a key: after the softmax it is nothing. */
const HIDDEN = -1000;

/** Numbers that each head gets beside its own, so that a product of two rows says whether one may see the other. */
export const markers = (config: OctgptConfig, items: number): number =>
  depthCount(config) - 1 + 1 + (items > 1 ? items : 0);

/**
 * The inputs of a stack: of what is known, or of all. Behind the last row stands one more, the padding of windows, which nothing sees.
 *
 * A row does not see finer ones, nor those of other shapes. So a key marks its depth and its shape by a 1, and a query has HIDDEN
 * where it must not look; products of heads that carry these marks need no mask.
 */
export function sequenceFeeds(
  config: OctgptConfig,
  prefix: "known" | "all",
  rows: readonly Row[],
  items: number,
): Record<string, Tensor> {
  const { window, dilation, width, heads } = config;
  const blocks = prefix === "known" ? config.encoderBlocks : config.decoderBlocks;
  const L = rows.length;
  const E = markers(config, items);
  const levels = depthCount(config) - 1;
  const depths = new Int32Array(L + 1);
  const places = new Float32Array(3 * (L + 1));
  const queries = new Float32Array((L + 1) * E);
  const keys = new Float32Array((L + 1) * E);
  const hidden = HIDDEN * Math.sqrt(width / heads); // scores are divided by this root
  for (let row = 0; row <= L; row++) {
    const { item, depth, place } = rows[row] ?? PADDING;
    depths[row] = depth;
    places.set(place, 3 * row);
    for (let level = 0; level < levels; level++) if (level + 1 > depth) queries[row * E + level] = hidden;
    if (depth > 0) keys[row * E + depth - 1] = 1;
    queries[row * E + levels] = hidden;
    if (row === L) keys[row * E + levels] = 1;
    if (items === 1) continue;
    for (let other = 0; other < items; other++) if (other !== item) queries[row * E + levels + 1 + other] = hidden;
    if (row < L) keys[row * E + levels + 1 + item] = 1;
  }
  const feeds: Record<string, Tensor> = {
    [`${prefix}.depths`]: i32([L + 1], depths),
    [`${prefix}.places`]: f32([L + 1, 3], places),
    [`${prefix}.queries`]: tensor([L + 1, E], queries),
    [`${prefix}.keys`]: tensor([L + 1, E], keys),
  };
  for (const [n, partition] of PARTITIONS.slice(0, blocks).entries()) {
    const windows = windowsOf(L, window, dilation, partition);
    const { width: W } = windows;
    feeds[`${prefix}.windows.${n}`] = tensor([windows.rows.length / W, W], windows.rows);
    feeds[`${prefix}.back.${n}`] = tensor([L + 1], windows.places);
  }
  return feeds;
}

const PADDING: Row = { item: 0, depth: 0, place: [0, 0, 0] };
