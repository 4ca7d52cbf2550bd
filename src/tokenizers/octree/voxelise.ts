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
  const crossings: { x: number; sign: number }[][] = Array.from({ length: R * R }, () => []);
  for (let f = 0; f < faces.length; f += 3) {
    const [ax, ay, az, bx, by, bz, cx, cy, cz] = [0, 1, 2].flatMap((corner) => {
      const at = 3 * faces[f + corner]!;
      return [positions[at]!, positions[at + 1]!, positions[at + 2]!];
    }) as [number, number, number, number, number, number, number, number, number];
    const area = (by - ay) * (cz - az) - (bz - az) * (cy - ay);
    if (area === 0) continue;
    const cells = (low: number, high: number, shift: number) =>
      [
        Math.max(0, Math.ceil((low - shift - first) / step)),
        Math.min(R - 1, Math.floor((high - shift - first) / step)),
      ] as const;
    const [y0, y1] = cells(Math.min(ay, by, cy), Math.max(ay, by, cy), shiftY);
    const [z0, z1] = cells(Math.min(az, bz, cz), Math.max(az, bz, cz), shiftZ);
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
  for (let f = 0; f < faces.length; f += 3) {
    for (let corner = 0; corner < 3; corner++)
      for (let axis = 0; axis < 3; axis++) p[3 * corner + axis] = positions[3 * faces[f + corner]! + axis]! * R;
    const range = (axis: number) => {
      const [a, b, c] = [p[axis]!, p[3 + axis]!, p[6 + axis]!];
      return [Math.max(0, Math.floor(Math.min(a, b, c))), Math.min(R - 1, Math.floor(Math.max(a, b, c)))] as const;
    };
    const [x0, x1] = range(0);
    const [y0, y1] = range(1);
    const [z0, z1] = range(2);
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
  const v = [0, 3, 6].map((i) => [p[i]! - cx, p[i + 1]! - cy, p[i + 2]! - cz] as const);
  const edges = [0, 1, 2].map((i) => [0, 1, 2].map((k) => v[(i + 1) % 3]![k]! - v[i]![k]!)) as [
    number[],
    number[],
    number[],
  ];
  const normal = cross(edges[0], edges[1]);
  const axes = [
    normal,
    ...edges.flatMap(([x, y, z]) => [
      [0, -z!, y!],
      [z!, 0, -x!],
      [-y!, x!, 0],
    ]),
  ]; // prettier-ignore
  return axes.every(([x, y, z]) => {
    const reach = (Math.abs(x!) + Math.abs(y!) + Math.abs(z!)) / 2;
    const on = v.map((q) => q[0] * x! + q[1] * y! + q[2] * z!);
    return Math.min(...on) <= reach && Math.max(...on) >= -reach;
  });
}

const cross = (a: readonly number[], b: readonly number[]) => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];
