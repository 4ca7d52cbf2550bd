/** Where the vertex of each surface cell belongs, from the mesh that a solid was made of. */
import { type ClosestFace, faceNormal } from "./closest.js";
import type { Mesh } from "./mesh.js";
import type { SurfaceCell } from "./surface-cells.js";

/** Weight of the cell's own nearest point against the planes: keeps vertices from running along flat faces. */
const MASS = 0.05;

/**
 * Offsets from the middle of each cell in voxels: the point that is nearest to the planes of the mesh around the cell, in the sense of
 * least squares (Ju et al. 2002, "Dual contouring of Hermite data", §2.3): on faces, edges and corners alike. The mesh lies in [0, 1]³.
 */
export function fittedOffsets(
  mesh: Mesh,
  closest: ClosestFace,
  R: number,
  cells: readonly SurfaceCell[],
): Float64Array {
  const offsets = new Float64Array(3 * cells.length);
  for (const [i, { x, y, z }] of cells.entries()) {
    const own = closest.to(x / R, y / R, z / R, 3 / R);
    if (!own) continue;
    const mass = [own.point[0] * R - x, own.point[1] * R - y, own.point[2] * R - z];
    const square = [MASS, 0, 0, 0, MASS, 0, 0, 0, MASS];
    const right = [0, 0, 0];
    for (let corner = 0; corner < 8; corner++) {
      const at = [x + (corner >> 2) - 0.5, y + ((corner >> 1) & 1) - 0.5, z + (corner & 1) - 0.5] as const;
      const hit = closest.to(at[0] / R, at[1] / R, at[2] / R, 1.5 / R);
      const normal = hit && faceNormal(mesh, hit.face);
      if (!hit || !normal) continue;
      const [px, py, pz] = [
        hit.point[0] * R - x - mass[0]!,
        hit.point[1] * R - y - mass[1]!,
        hit.point[2] * R - z - mass[2]!,
      ];
      if (Math.max(Math.abs(px + mass[0]!), Math.abs(py + mass[1]!), Math.abs(pz + mass[2]!)) > 0.75) continue;
      const height = normal[0] * px + normal[1] * py + normal[2] * pz;
      for (let row = 0; row < 3; row++) {
        right[row]! += normal[row]! * height;
        for (let column = 0; column < 3; column++) square[3 * row + column]! += normal[row]! * normal[column]!;
      }
    }
    const moved = solve(square, right);
    for (let axis = 0; axis < 3; axis++) offsets[3 * i + axis] = mass[axis]! + moved[axis]!;
  }
  return offsets;
}

/** The solution of a symmetric positive system of three, by Cramer's rule. */
function solve(m: readonly number[], r: readonly number[]): [number, number, number] {
  const det = (a: readonly number[]) =>
    a[0]! * (a[4]! * a[8]! - a[5]! * a[7]!) -
    a[1]! * (a[3]! * a[8]! - a[5]! * a[6]!) +
    a[2]! * (a[3]! * a[7]! - a[4]! * a[6]!);
  const whole = det(m);
  const part = (column: number) => det(m.map((value, i) => (i % 3 === column ? r[Math.floor(i / 3)]! : value))) / whole;
  return [part(0), part(1), part(2)];
}
