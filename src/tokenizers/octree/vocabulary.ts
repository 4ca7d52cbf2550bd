/**
 * The ids of a shape. A stream is
 *
 *   depth · profile · mirror · colour of the root · for each level: a byte for each of its nodes, then colours of their children · offsets · end
 *
 * Nodes run in Morton order, level by level, so that a stream cut after any level is the same shape, coarser. A byte says which of
 * the eight children hold a piece of the surface shell; it is never 0. A colour is said of a node whose parent is "varied": it holds for all below,
 * or is "varied" itself. Offsets (profile "offsets") place the vertex of each surface cell: two symbols of six bits.
 */
import { PALETTE } from "./palette.js";

/** Depths that a stream can have: grids of 2 to 256 voxels per axis. */
export const DEPTHS = { least: 1, most: 8 } as const;

/** "shell": the voxels alone, smoothed when decoded. "offsets": and the place of every vertex to a sixteenth of a voxel. */
export const PROFILES = ["shell", "offsets"] as const;
export type Profile = (typeof PROFILES)[number];

const SIZES = {
  pad: 1,
  begin: 1,
  end: 1,
  depth: DEPTHS.most,
  mirror: 8,
  profile: PROFILES.length,
  uncoloured: 1,
  varied: 1,
  palette: PALETTE.length,
  byte: 256,
  symbol: 64,
} as const;
export type IdKind = keyof typeof SIZES;

/** Where the ids of each kind begin. The order is part of every stream: never reorder. */
export const FIRST: Readonly<Record<IdKind, number>> = (() => {
  let next = 0;
  const first: Partial<Record<IdKind, number>> = {};
  for (const kind of Object.keys(SIZES) as IdKind[]) {
    first[kind] = next;
    next += SIZES[kind];
  }
  return first as Record<IdKind, number>;
})();

export const SHAPE_VOCABULARY = Object.values(SIZES).reduce((a, b) => a + b, 0);

/** The state of a node's colour: one of the palette, or one of these two. */
export const UNCOLOURED = PALETTE.length;
export const VARIED = PALETTE.length + 1;

/** The id that says a colour state. */
export const colourId = (state: number): number =>
  state === UNCOLOURED ? FIRST.uncoloured : state === VARIED ? FIRST.varied : FIRST.palette + state;

/** The colour state that an id says. */
export const colourState = (id: number): number =>
  id === FIRST.uncoloured ? UNCOLOURED : id === FIRST.varied ? VARIED : id - FIRST.palette;
