/**
 * Meshes become solids of voxels. A closed mesh is solid where its winding number is not 0; features thinner than a voxel are kept by
 * the voxels that they pass. An open mesh is solid where its surface passes, and where that keeps the outside out.
 */
import type { Mesh } from "./mesh.js";
import { fillCavities, type Voxels } from "./voxels.js";

type Surface = Pick<Mesh, "positions" | "faces">;

/** The solid of a mesh in the cube [0, 1]³ on a grid of 2^depth voxels per axis. */
export function voxelise(mesh: Surface, depth: number, closed: boolean): Voxels {
  const R = 1 << depth;
  const passed = passedVoxels(mesh, R);
  if (!closed) {
    fillCavities(depth, passed);
    return { depth, solid: passed };
  }
  const solid = insideOf(mesh, R, (i) => (i + 0.5) / R);
  keepThin(R, solid, passed);
  fillCavities(depth, solid);
  return { depth, solid };
}

/** Flags of the grid points [R³] inside a closed mesh: where its winding number is not 0. `place` gives a point's coordinate on each axis. */
export function insideOf({ positions, faces }: Surface, R: number, place: (i: number) => number): Uint8Array {
  // Rays along x through all (y, z). A tiny shift keeps them off the edges and vertices of meshes that lie on the grid.
  const [shiftY, shiftZ] = [1.2345e-11, 2.7183e-11];
  const first = place(0);
  const step = R > 1 ? place(1) - first : 1;
  /** The first and the last of the points between two coordinates. */
  const points = (low: number, high: number) =>
    [Math.max(0, Math.ceil((low - first) / step)), Math.min(R - 1, Math.floor((high - first) / step))] as const;
  const crossings: { x: number; sign: number }[][] = Array.from({ length: R * R }, () => []);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
    const [ax, ay, az] = [positions[a]!, positions[a + 1]!, positions[a + 2]!];
    const [bx, by, bz] = [positions[b]!, positions[b + 1]!, positions[b + 2]!];
    const [cx, cy, cz] = [positions[c]!, positions[c + 1]!, positions[c + 2]!];
    const area = (by - ay) * (cz - az) - (bz - az) * (cy - ay);
    if (area === 0) continue;
    const [y0, y1] = points(Math.min(ay, by, cy) - shiftY, Math.max(ay, by, cy) - shiftY);
    const [z0, z1] = points(Math.min(az, bz, cz) - shiftZ, Math.max(az, bz, cz) - shiftZ);
    for (let j = y0; j <= y1; j++) {
      const y = place(j) + shiftY;
      for (let k = z0; k <= z1; k++) {
        const z = place(k) + shiftZ;
        const wa = ((by - y) * (cz - z) - (bz - z) * (cy - y)) / area;
        const wb = ((cy - y) * (az - z) - (cz - z) * (ay - y)) / area;
        const wc = 1 - wa - wb;
        if (wa < 0 || wb < 0 || wc < 0) continue;
        crossings[j * R + k]!.push({ x: wa * ax + wb * bx + wc * cx, sign: Math.sign(area) });
      }
    }
  }
  const inside = new Uint8Array(R ** 3);
  for (const [column, line] of crossings.entries()) {
    line.sort((a, b) => a.x - b.x);
    let winding = 0;
    let next = 0;
    for (let i = 0; i < R; i++) {
      const x = place(i);
      while (next < line.length && line[next]!.x <= x) winding += line[next++]!.sign;
      if (winding !== 0) inside[i * R * R + column] = 1;
    }
  }
  return inside;
}

/** Adds voxels that the surface passes where no voxel around them is solid. */
function keepThin(R: number, solid: Uint8Array, passed: Uint8Array): void {
  const add: number[] = [];
  for (let i = 0; i < solid.length; i++) {
    if (!passed[i] || solid[i]) continue;
    const [x, y, z] = [Math.floor(i / (R * R)), Math.floor(i / R) % R, i % R];
    let near = false;
    for (let cell = 0; cell < 27 && !near; cell++) {
      const [u, v, w] = [x - 1 + Math.floor(cell / 9), y - 1 + (Math.floor(cell / 3) % 3), z - 1 + (cell % 3)];
      near = u >= 0 && v >= 0 && w >= 0 && u < R && v < R && w < R && solid[(u * R + v) * R + w] === 1;
    }
    if (!near) add.push(i);
  }
  for (const i of add) solid[i] = 1;
}

/** Flags of the voxels that a face has a point in, by the separating axes of a box and a triangle (Akenine-Möller 2001). */
export function passedVoxels({ positions, faces }: Surface, R: number): Uint8Array {
  const passed = new Uint8Array(R ** 3);
  const p = new Float64Array(9);
  const voxels = (axis: number) => {
    const [a, b, c] = [p[axis]!, p[3 + axis]!, p[6 + axis]!];
    return [Math.max(0, Math.floor(Math.min(a, b, c))), Math.min(R - 1, Math.floor(Math.max(a, b, c)))] as const;
  };
  for (let f = 0; f < faces.length; f += 3) {
    for (let corner = 0; corner < 3; corner++)
      for (let axis = 0; axis < 3; axis++) p[3 * corner + axis] = positions[3 * faces[f + corner]! + axis]! * R;
    const [x0, x1] = voxels(0);
    const [y0, y1] = voxels(1);
    const [z0, z1] = voxels(2);
    for (let x = x0; x <= x1; x++)
      for (let y = y0; y <= y1; y++)
        for (let z = z0; z <= z1; z++) {
          const at = (x * R + y) * R + z;
          if (!passed[at] && overlaps(p, x + 0.5, y + 0.5, z + 0.5)) passed[at] = 1;
        }
  }
  return passed;
}

/** Whether the triangle p has a point in the unit cube around (cx, cy, cz). Their bounding boxes are known to overlap. */
function overlaps(p: Float64Array, cx: number, cy: number, cz: number): boolean {
  const [ax, ay, az] = [p[0]! - cx, p[1]! - cy, p[2]! - cz];
  const [bx, by, bz] = [p[3]! - cx, p[4]! - cy, p[5]! - cz];
  const [dx, dy, dz] = [p[6]! - cx, p[7]! - cy, p[8]! - cz];
  /** Whether the projections on the axis (x, y, z) have a point in common. */
  const meet = (x: number, y: number, z: number) => {
    const reach = (Math.abs(x) + Math.abs(y) + Math.abs(z)) / 2;
    const [a, b, d] = [ax * x + ay * y + az * z, bx * x + by * y + bz * z, dx * x + dy * y + dz * z];
    return Math.min(a, b, d) <= reach && Math.max(a, b, d) >= -reach;
  };
  /** Whether those on the three axes across an edge of the triangle and one of the cube do. */
  const across = (x: number, y: number, z: number) => meet(0, -z, y) && meet(z, 0, -x) && meet(-y, x, 0);
  const [ux, uy, uz] = [bx - ax, by - ay, bz - az];
  const [vx, vy, vz] = [dx - bx, dy - by, dz - bz];
  return (
    meet(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) &&
    across(ux, uy, uz) &&
    across(vx, vy, vz) &&
    across(ax - dx, ay - dy, az - dz)
  );
}
