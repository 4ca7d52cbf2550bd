/** Solids on a grid of voxels: which are solid, which enclose a cavity, and which touch in a way that no surface survives. */

/** A solid on a grid of R = 2^depth voxels per axis. Voxel (x, y, z) has index (x·R + y)·R + z; outside the grid all is empty. */
export interface Voxels {
  readonly depth: number;
  /** 1: solid. Length R³. */
  readonly solid: Uint8Array;
  /** A colour of the palette for each voxel; read where a voxel is solid. */
  readonly colours?: Uint8Array | undefined;
}

/** Fills what cannot be reached from outside through faces of empty voxels. Changes `solid`; returns the number of filled voxels. */
export function fillCavities(depth: number, solid: Uint8Array): number {
  const R = 1 << depth;
  const outside = reachable(R, solid);
  let filled = 0;
  for (let i = 0; i < solid.length; i++) {
    if (solid[i] || outside[i]) continue;
    solid[i] = 1;
    filled++;
  }
  return filled;
}

/** Fills cavities and makes the solid well-composed, so that its boundary is a closed manifold. Changes `solid`. */
export function closeSolid(depth: number, solid: Uint8Array): void {
  fillCavities(depth, solid);
  if (makeWellComposed(depth, solid) > 0) fillCavities(depth, solid);
}

/** Flags of the empty voxels that are joined to the outside. */
function reachable(R: number, solid: Uint8Array): Uint8Array {
  const seen = new Uint8Array(solid.length);
  const stack: number[] = [];
  const visit = (i: number) => {
    if (solid[i] || seen[i]) return;
    seen[i] = 1;
    stack.push(i);
  };
  for (let a = 0; a < R; a++) {
    for (let b = 0; b < R; b++) {
      for (const end of [0, R - 1]) {
        visit((end * R + a) * R + b);
        visit((a * R + end) * R + b);
        visit((a * R + b) * R + end);
      }
    }
  }
  const last = R - 1;
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const z = at & last;
    const y = Math.floor(at / R) & last;
    const x = Math.floor(at / (R * R));
    if (x > 0) visit(at - R * R);
    if (x < last) visit(at + R * R);
    if (y > 0) visit(at - R);
    if (y < last) visit(at + R);
    if (z > 0) visit(at - 1);
    if (z < last) visit(at + 1);
  }
  return seen;
}

/** Flags of the solid voxels that have a face in common with an empty one: all that an octree has to name, for the rest is a cavity of them. */
export function shellOf({ depth, solid }: Voxels): Uint8Array {
  const R = 1 << depth;
  const shell = new Uint8Array(solid.length);
  for (let x = 0, i = 0; x < R; x++) {
    for (let y = 0; y < R; y++) {
      for (let z = 0; z < R; z++, i++) {
        if (!solid[i]) continue;
        const inner =
          x > 0 &&
          solid[i - R * R] &&
          x < R - 1 &&
          solid[i + R * R] &&
          y > 0 &&
          solid[i - R] &&
          y < R - 1 &&
          solid[i + R] &&
          z > 0 &&
          solid[i - 1] &&
          z < R - 1 &&
          solid[i + 1]; // prettier-ignore
        shell[i] = inner ? 0 : 1;
      }
    }
  }
  return shell;
}

/** Bit 4·dx + 2·dy + dz of the returned byte: whether voxel (x-1+dx, y-1+dy, z-1+dz) is solid. x, y, z from 0 to R. */
export function blockAt(R: number, solid: Uint8Array, x: number, y: number, z: number): number {
  let byte = 0;
  for (let corner = 0; corner < 8; corner++) {
    const cx = x - 1 + (corner >> 2);
    const cy = y - 1 + ((corner >> 1) & 1);
    const cz = z - 1 + (corner & 1);
    if (cx < 0 || cy < 0 || cz < 0 || cx >= R || cy >= R || cz >= R) continue;
    if (solid[(cx * R + cy) * R + cz]) byte |= 1 << corner;
  }
  return byte;
}

/**
 * Makes the solid well-composed (Latecki 1997, "3D well-composed pictures"): where solid voxels touch by an edge or a corner only, or
 * empty ones do, their block of 2x2 or 2x2x2 is filled. Then the boundary is a manifold. Rounds are synchronous, so that a mirrored solid
 * gives the mirrored result. Changes `solid`; returns the number of filled voxels.
 */
export function makeWellComposed(depth: number, solid: Uint8Array): number {
  const R = 1 << depth;
  const S = R + 1;
  let filled = 0;
  let blocks: Iterable<number> = mixedBlocks(R, solid);
  for (;;) {
    const fill = new Set<number>();
    for (const block of blocks) {
      const z = block % S;
      const y = Math.floor(block / S) % S;
      const x = Math.floor(block / (S * S));
      const add = REPAIR[blockAt(R, solid, x, y, z)]!;
      for (let corner = 0; add >> corner; corner++) {
        if ((add >> corner) & 1)
          fill.add(((x - 1 + (corner >> 2)) * R + y - 1 + ((corner >> 1) & 1)) * R + z - 1 + (corner & 1));
      }
    }
    if (fill.size === 0) return filled;
    filled += fill.size;
    const touched = new Set<number>();
    for (const voxel of fill) {
      solid[voxel] = 1;
      const z = voxel % R;
      const y = Math.floor(voxel / R) % R;
      const x = Math.floor(voxel / (R * R));
      for (let corner = 0; corner < 8; corner++)
        touched.add(((x + (corner >> 2)) * S + y + ((corner >> 1) & 1)) * S + z + (corner & 1));
    }
    blocks = touched;
  }
}

/** The blocks with solid and empty corners, of which REPAIR may fill some. */
function* mixedBlocks(R: number, solid: Uint8Array): Iterable<number> {
  const S = R + 1;
  for (let x = 0; x <= R; x++) {
    for (let y = 0; y <= R; y++) {
      const [before, after] = [(x - 1) * R + y - 1, x * R + y - 1]; // columns along z of the four corners
      const [left, right, low, high] = [x > 0, x < R, y > 0, y < R];
      let below = 0; // the corners with the lower z, as even bits
      for (let z = 0; z <= R; z++) {
        let above = 0;
        if (z < R) {
          if (left && low && solid[before * R + z]) above |= 1;
          if (left && high && solid[(before + 1) * R + z]) above |= 4;
          if (right && low && solid[after * R + z]) above |= 16;
          if (right && high && solid[(after + 1) * R + z]) above |= 64;
        }
        const block = below | (above << 1);
        if (block !== 0 && block !== 255) yield (x * S + y) * S + z;
        below = above;
      }
    }
  }
}

/** For each block, the corners to be filled. */
const REPAIR: Uint8Array = Uint8Array.from({ length: 256 }, (_, block) => {
  let add = 0;
  for (const axis of [4, 2, 1]) {
    const [u, v] = [4, 2, 1].filter((other) => other !== axis) as [number, number];
    for (const side of [0, axis]) {
      const bit = (corner: number) => (block >> (side + corner)) & 1;
      const diagonal = bit(0) === bit(u + v) && bit(u) === bit(v) && bit(0) !== bit(u);
      if (diagonal) for (const corner of [0, u, v, u + v]) add |= 1 << (side + corner);
    }
  }
  for (let corner = 0; corner < 4; corner++) {
    const opposite = (1 << corner) | (1 << (7 - corner));
    if (block === opposite || block === 255 - opposite) add = 255;
  }
  return add & ~block;
});
