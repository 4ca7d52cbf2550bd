/**
 * Solids that keep the topology of a mesh although parts of it, or gaps between them, are thinner than a voxel. Tines break into islands on a
 * grid, and handles into stumps; but the points within some distance of the mesh, or so far inside it, are a solid whose parts hold together.
 */
import { ClosestFace } from "./closest.js";
import type { Mesh } from "./mesh.js";
import { topologyOfSolid } from "./solid-topology.js";
import { insideOf, passedVoxels } from "./voxelise.js";
import { closeSolid } from "./voxels.js";

type Surface = Pick<Mesh, "positions" | "faces">;

/** Signed distances that a solid may reach beyond the mesh, in voxels, the nearest to none first: from √3/2 on no part is missed by the grid. */
const REACHES = [0, ...[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].flatMap((reach) => [reach, -reach])];

/**
 * The solid of a closed mesh in the cube [0, 1]³ that is one piece with that Euler number. Of those that have it, one that misses the fewest
 * voxels of the surface, then the one nearest to the mesh. Null: none has it, for there are thin parts and thin gaps at once, or the mesh runs
 * through itself.
 */
export function offsetSolid(mesh: Surface, depth: number, euler: number): Uint8Array | null {
  const R = 1 << depth;
  const { distances, passed } = fieldOf(mesh, R);
  let best: Uint8Array | null = null;
  let least = Infinity;
  for (const reach of REACHES) {
    const solid = new Uint8Array(distances.length);
    for (const [voxel, distance] of distances.entries()) if (distance <= reach) solid[voxel] = 1;
    closeSolid(depth, solid);
    if (!hasTopology(depth, solid, euler)) continue;
    const missed = passed.filter((voxel) => !touches(R, solid, voxel)).length;
    if (missed < least) [best, least] = [solid, missed];
    if (least === 0) break;
  }
  return best;
}

/** Whether a solid is one piece with that Euler number, once it is decoded. */
export function hasTopology(depth: number, given: Uint8Array, euler: number): boolean {
  const solid = given.slice();
  closeSolid(depth, solid);
  const topology = topologyOfSolid(depth, solid);
  return topology.pieces === 1 && topology.euler === euler;
}

/** Signed distances of the middles of voxels in voxels, negative inside, infinite where the surface passes none beside; and those that it passes. */
function fieldOf(mesh: Surface, R: number): { readonly distances: Float32Array; readonly passed: readonly number[] } {
  const middle = (i: number) => (i + 0.5) / R;
  const distances = Float32Array.from(insideOf(mesh, R, middle), (inside) => (inside ? -Infinity : Infinity));
  const passed: number[] = [];
  const near = new Set<number>();
  for (const [voxel, flag] of passedVoxels(mesh, R).entries()) {
    if (!flag) continue;
    passed.push(voxel);
    for (const neighbour of around(R, voxel)) near.add(neighbour);
  }
  const closest = new ClosestFace(mesh);
  for (const voxel of near) {
    const found = closest.to(
      middle(Math.floor(voxel / (R * R))),
      middle(Math.floor(voxel / R) % R),
      middle(voxel % R),
      1 / R,
    );
    if (found) distances[voxel] = Math.sign(distances[voxel]!) * found.distance * R;
  }
  return { distances, passed };
}

/** Whether a voxel or one around it is solid. */
function touches(R: number, solid: Uint8Array, voxel: number): boolean {
  for (const neighbour of around(R, voxel)) if (solid[neighbour]) return true;
  return false;
}

/** A voxel and the up to 26 others around it. */
function* around(R: number, voxel: number): Iterable<number> {
  const [x, y, z] = [Math.floor(voxel / (R * R)), Math.floor(voxel / R) % R, voxel % R];
  for (let u = Math.max(0, x - 1); u <= Math.min(R - 1, x + 1); u++)
    for (let v = Math.max(0, y - 1); v <= Math.min(R - 1, y + 1); v++)
      for (let w = Math.max(0, z - 1); w <= Math.min(R - 1, z + 1); w++) yield (u * R + v) * R + w;
}
