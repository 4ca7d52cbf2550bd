/** Voxels become ids. */
import { check, isIntegerIn } from "../../base/check.js";
import { childrenOf, type Level } from "./level.js";
import { keyOf } from "./morton.js";
import { colourId, DEPTHS, FIRST, UNCOLOURED, VARIED } from "./vocabulary.js";
import { shellOf, type Voxels } from "./voxels.js";

/** The mirror symmetries of a solid and its colours: bit 4, 2, 1 for x, y, z. */
export function mirrorsOf({ depth, solid, colours }: Voxels): number {
  const R = 1 << depth;
  let mirrors = 0;
  for (const [bit, axis] of [
    [4, 0],
    [2, 1],
    [1, 2],
  ] as const) {
    const symmetric = () => {
      for (let i = 0; i < solid.length; i++) {
        const at = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
        at[axis] = R - 1 - at[axis]!;
        const j = (at[0]! * R + at[1]!) * R + at[2]!;
        if (solid[i] !== solid[j] || (solid[i] && colours && colours[i] !== colours[j])) return false;
      }
      return true;
    };
    if (symmetric()) mirrors |= bit;
  }
  return mirrors;
}

/**
 * The ids of a solid, by profile "shell", as half of each of the `mirror` symmetries that it has. Cavities are not kept: what the outside cannot reach is solid.
 *
 * @throws ArgumentError for a solid with no voxel, or of a depth that no stream has.
 */
export function encodeVoxels(voxels: Voxels, mirror = mirrorsOf(voxels)): Int32Array {
  const { depth, solid, colours } = voxels;
  check("depth", `a depth from ${DEPTHS.least} to ${DEPTHS.most}`, depth, isIntegerIn(DEPTHS.least, DEPTHS.most));
  const R = 1 << depth;
  const shell = shellOf(voxels);
  const cells: { key: number; colour: number }[] = [];
  for (let i = 0; i < solid.length; i++) {
    if (!shell[i]) continue;
    const [x, y, z] = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
    const half = R / 2;
    if ((mirror & 4 && x >= half) || (mirror & 2 && y >= half) || (mirror & 1 && z >= half)) continue;
    cells.push({ key: keyOf(x, y, z), colour: colours ? colours[i]! : UNCOLOURED });
  }
  check("voxels", "a solid with at least one voxel", cells.length, (n) => n > 0);
  cells.sort((a, b) => a.key - b.key);
  return Int32Array.from(idsOf(depth, mirror, summaries(depth, cells)));
}

/** A level bottom up: bytes, and for each node whether its colours differ and which is the most frequent. */
interface Summary {
  readonly keys: number[];
  readonly bytes: number[];
  readonly uniform: boolean[];
  readonly counts: Map<number, number>[];
}

function summaries(depth: number, cells: readonly { key: number; colour: number }[]): Summary[] {
  let below: Summary = {
    keys: cells.map(({ key }) => key),
    bytes: [],
    uniform: cells.map(() => true),
    counts: cells.map(({ colour }) => new Map([[colour, 1]])),
  };
  const levels: Summary[] = [];
  for (let level = depth - 1; level >= 0; level--) {
    const summary: Summary = { keys: [], bytes: [], uniform: [], counts: [] };
    for (const [i, key] of below.keys.entries()) {
      const parent = Math.floor(key / 8);
      if (summary.keys.at(-1) !== parent) {
        summary.keys.push(parent);
        summary.bytes.push(0);
        summary.counts.push(new Map());
      }
      const last = summary.keys.length - 1;
      summary.bytes[last]! |= 1 << (key % 8);
      for (const [colour, n] of below.counts[i]!)
        summary.counts[last]!.set(colour, (summary.counts[last]!.get(colour) ?? 0) + n);
    }
    for (const counts of summary.counts) summary.uniform.push(counts.size === 1);
    levels.unshift(summary);
    below = summary;
  }
  return levels;
}

function* idsOf(depth: number, mirror: number, levels: readonly Summary[]): Iterable<number> {
  yield FIRST.depth + depth - 1;
  yield FIRST.profile;
  yield FIRST.mirror + mirror;
  let level: Level = { keys: [0], colours: [VARIED], bytes: [] };
  for (const [at, { bytes, uniform, counts }] of levels.entries()) {
    for (const [node, inherited] of level.colours.entries()) {
      if (inherited !== VARIED) continue;
      const colour = !uniform[node] && at < depth - 1 ? VARIED : mostFrequent(counts[node]!);
      level.colours[node] = colour;
      yield colourId(colour);
    }
    for (const byte of bytes) yield FIRST.byte + byte;
    level = childrenOf({ ...level, bytes });
  }
  yield FIRST.end;
}

function mostFrequent(counts: ReadonlyMap<number, number>): number {
  return [...counts].reduce((best, row) =>
    row[1] > best[1] || (row[1] === best[1] && row[0] < best[0]) ? row : best,
  )[0];
}
