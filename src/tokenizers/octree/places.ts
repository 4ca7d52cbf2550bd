/**
 * Where the next id of a stream stands, and what is known around it: what a model is told besides the ids, so that it need not count bits to
 * find out (compare VoxelContext-Net, arXiv 2105.02158). The numbers are those that models were trained with: never renumber.
 */
import { type Cell, cellOf } from "./morton.js";
import { VARIED } from "./vocabulary.js";
import { OctreeWalk } from "./walk.js";

/** Rows of the table of kinds: depth, profile, mirror; colours by level; bytes by level; all else. */
const COLOUR_KIND = 3;
const BYTE_KIND = 11;
const OTHER_KIND = 19;
export const PLACE_KINDS = 20;

/** Rows of the tables of axes: 2^level - 1 + coordinate, and one for ids that belong to no node. */
const NOWHERE = 255;
export const PLACE_ROWS = 256;

/** Cells of the next level around the 2 x 2 x 2 children of a node, and nodes around a node; x slowest. */
export const CELLS = box(-1, 2, (c) => c >= 0 && c <= 1);
const AROUND = box(-1, 1, (c) => c === 0);

const COLOURS = VARIED + 1;
/** Numbers of a context: for each cell whether it is occupied, for each whether that is still open, and colours. */
export const CONTEXT_SIZE = 2 * CELLS.length + COLOURS;

export interface Place {
  readonly kind: number;
  /** Rows of the tables of x, y and z. */
  readonly rows: readonly [number, number, number];
  /** CONTEXT_SIZE flags, 0 or 1. */
  readonly context: Float32Array;
}

/** Follows a stream, and says where its next id stands. */
export class PlaceReader {
  readonly walk = new OctreeWalk();
  private level = -1;
  private coordinates: Cell[] = [];
  /** Which nodes of the level were left open by their parents. */
  private open: boolean[] = [];
  /** The number of the node at each cell of the level, -1 where there is none; a margin of one cell all around. */
  private ranks = new Int32Array();
  /** The cells of the next level that are occupied for certain; the same margin. */
  private below = new Uint8Array();

  /** @throws TokenizerError for an id that the grammar does not allow. */
  accept(id: number): void {
    const { expected } = this.walk;
    if (expected.kind === "byte" || expected.kind === "colour") this.enter(expected.level);
    this.walk.accept(id);
    if (expected.kind === "byte") this.occupy(expected.node, 1);
  }

  /** Takes back the last id, where that is cheap: see OctreeWalk. */
  retract(): boolean {
    const last = this.walk.expected;
    if (last.kind === "byte" && last.node > 0) this.occupy(last.node - 1, 0);
    return this.walk.retract();
  }

  get next(): Place {
    const { expected } = this.walk;
    const context = new Float32Array(CONTEXT_SIZE);
    if (expected.kind !== "byte" && expected.kind !== "colour") {
      const header = ["depth", "profile", "mirror"].indexOf(expected.kind);
      return { kind: header < 0 ? OTHER_KIND : header, rows: [NOWHERE, NOWHERE, NOWHERE], context };
    }
    const { level, node } = expected;
    this.enter(level);
    const [x, y, z] = this.coordinates[node]!;
    const first = 2 ** level - 1;
    if (expected.kind === "byte") {
      this.describeCells(context, x, y, z, node);
      context[2 * CELLS.length + this.walk.levels[level]!.colours[node]!] = 1;
      return { kind: BYTE_KIND + level, rows: [first + x, first + y, first + z], context };
    }
    this.describeCells(context, x, y, z, 0);
    this.describeColours(context, x, y, z, node);
    return { kind: COLOUR_KIND + level, rows: [first + x, first + y, first + z], context };
  }

  /** Begins a level when its first node is asked for. */
  private enter(level: number): void {
    if (level === this.level) return;
    this.level = level;
    const { keys, colours } = this.walk.levels[level]!;
    this.coordinates = keys.map(cellOf);
    this.open = colours.map((colour) => level === 0 || colour === VARIED);
    const side = 2 ** level + 2;
    this.ranks = new Int32Array(side ** 3).fill(-1);
    this.below = new Uint8Array((2 ** (level + 1) + 2) ** 3);
    for (const [node, [x, y, z]] of this.coordinates.entries())
      this.ranks[((x + 1) * side + y + 1) * side + z + 1] = node;
  }

  /** The cells that the byte of a node says become occupied, or empty again. */
  private occupy(node: number, occupied: 0 | 1): void {
    const [x, y, z] = this.coordinates[node]!;
    const byte = this.walk.levels[this.level]!.bytes[node]!;
    const side = 2 ** (this.level + 1) + 2;
    for (let child = 0; child < 8; child++) {
      if (((byte >> child) & 1) === 0) continue;
      const [cx, cy, cz] = [2 * x + (child >> 2), 2 * y + ((child >> 1) & 1), 2 * z + (child & 1)];
      this.below[((cx + 1) * side + cy + 1) * side + cz + 1] = occupied;
    }
  }

  /** Whether the cells around are occupied; open are those whose parents are there, with a number from `undecided` on. */
  private describeCells(context: Float32Array, x: number, y: number, z: number, undecided: number): void {
    const side = 2 ** this.level + 2;
    const finer = 2 ** (this.level + 1) + 2;
    for (const [i, [dx, dy, dz]] of CELLS.entries()) {
      const owner = ((x + (dx >> 1) + 1) * side + y + (dy >> 1) + 1) * side + z + (dz >> 1) + 1;
      if (this.ranks[owner]! >= undecided) context[CELLS.length + i] = 1;
      else context[i] = this.below[((2 * x + dx + 1) * finer + 2 * y + dy + 1) * finer + 2 * z + dz + 1]!;
    }
  }

  /** Which colours the nodes around have, as far as they are known. */
  private describeColours(context: Float32Array, x: number, y: number, z: number, node: number): void {
    const side = 2 ** this.level + 2;
    const { colours } = this.walk.levels[this.level]!;
    for (const [dx, dy, dz] of AROUND) {
      const other = this.ranks[((x + dx + 1) * side + y + dy + 1) * side + z + dz + 1]!;
      if (other >= 0 && (!this.open[other] || other < node)) context[2 * CELLS.length + colours[other]!] = 1;
    }
  }
}

/** All offsets from `low` to `high` on three axes, but those whose coordinates are all `inner`. */
function box(low: number, high: number, inner: (c: number) => boolean): Cell[] {
  const line = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const all = line.flatMap((x) => line.flatMap((y) => line.map((z): Cell => [x, y, z])));
  return all.filter((cell) => !cell.every(inner));
}
