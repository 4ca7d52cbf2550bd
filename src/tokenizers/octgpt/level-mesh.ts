/** What the nodes of one depth show of a shape before finer ones are known. */
import { cellOf } from "../octree/morton.js";
import type { Mesh } from "../octree/mesh.js";
import { surfaceOf } from "../octree/surface.js";
import { closeSolid } from "../octree/voxels.js";

/** The mesh of the solid that cells of a grid of 2^depth cells per axis enclose, in the cube [0, 1]³; `keys` are those of at least one. */
export function levelMesh(keys: readonly number[], depth: number): Mesh {
  const R = 1 << depth;
  const solid = new Uint8Array(R ** 3);
  for (const key of keys) {
    const [x, y, z] = cellOf(key);
    solid[(x * R + y) * R + z] = 1;
  }
  closeSolid(depth, solid);
  return surfaceOf({ depth, solid }, { kind: "smooth" });
}
