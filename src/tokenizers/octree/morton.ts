/**
 * Shuffled (Morton) keys of octree cells, in the order of O-CNN (Wang et al. 2017, arXiv 1712.01537 §3): bit i of x, y and z stands
 * at bit 3i+2, 3i+1 and 3i of the key. So child number 4·xb + 2·yb + zb of the cell `key` is the cell 8·key + number of the next depth.
 */

/** A cell of a grid with 2^depth cells per axis. */
export type Cell = readonly [x: number, y: number, z: number];

const LOW_BITS = 10;
const LOW = (1 << LOW_BITS) - 1;
const HIGH_UNIT = 2 ** (3 * LOW_BITS);

/** Spreads ten bits: bit i goes to bit 3i. */
function spread(bits: number): number {
  let b = bits & LOW;
  b = (b | (b << 16)) & 0x030000ff;
  b = (b | (b << 8)) & 0x0300f00f;
  b = (b | (b << 4)) & 0x030c30c3;
  return (b | (b << 2)) & 0x09249249;
}

/** Gathers every third bit of thirty: bit 3i goes to bit i. */
function gather(bits: number): number {
  let b = bits & 0x09249249;
  b = (b | (b >> 2)) & 0x030c30c3;
  b = (b | (b >> 4)) & 0x0300f00f;
  b = (b | (b >> 8)) & 0x030000ff;
  return (b | (b >> 16)) & LOW;
}

/** The key of a cell. Coordinates are integers from 0 to 2^17 - 1. */
export function keyOf(x: number, y: number, z: number): number {
  const low = (spread(x) << 2) | (spread(y) << 1) | spread(z);
  if (x <= LOW && y <= LOW && z <= LOW) return low;
  const high = (spread(x >> LOW_BITS) << 2) | (spread(y >> LOW_BITS) << 1) | spread(z >> LOW_BITS);
  return low + high * HIGH_UNIT;
}

/** The cell of a key. */
export function cellOf(key: number): Cell {
  const low = key % HIGH_UNIT;
  const high = Math.floor(key / HIGH_UNIT);
  const axis = (shift: number) => gather(low >> shift) | (gather(high >> shift) << LOW_BITS);
  return [axis(2), axis(1), axis(0)];
}
