/** The cells of the dual grid that the surface of a solid passes: their eight corners are voxels, some solid and some empty. */
import { keyOf } from "./morton.js";
import { blockAt } from "./voxels.js";

/** A cell of the dual grid: its corners are the voxels x-1 … x, y-1 … y, z-1 … z; x, y, z from 0 to 2^depth. */
export interface SurfaceCell {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Bit 4·dx + 2·dy + dz: that corner is solid. Neither 0 nor 255. */
  readonly block: number;
}

/** All surface cells in Morton order. */
export function surfaceCells(depth: number, solid: Uint8Array): SurfaceCell[] {
  const R = 1 << depth;
  const S = R + 1;
  const seen = new Uint8Array(S ** 3);
  const cells: (SurfaceCell & { key: number })[] = [];
  for (let x = 0, i = 0; x < R; x++) {
    for (let y = 0; y < R; y++) {
      for (let z = 0; z < R; z++, i++) {
        if (!solid[i]) continue;
        for (let corner = 0; corner < 8; corner++) {
          const [cx, cy, cz] = [x + (corner >> 2), y + ((corner >> 1) & 1), z + (corner & 1)];
          const at = (cx * S + cy) * S + cz;
          if (seen[at]) continue;
          seen[at] = 1;
          const block = blockAt(R, solid, cx, cy, cz);
          if (block !== 255) cells.push({ x: cx, y: cy, z: cz, block, key: keyOf(cx, cy, cz) });
        }
      }
    }
  }
  return cells.sort((a, b) => a.key - b.key);
}
