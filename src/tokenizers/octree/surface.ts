/**
 * The surface of a solid of voxels: dual contouring (Ju et al. 2002) with one vertex for each surface cell, which is a manifold because
 * the solid is well-composed; and, where no offsets are given, the constrained smoothing of surface nets (Gibson 1998).
 */
import { crossOf, type Mesh, smoothNormals } from "./mesh.js";
import { FARTHEST, relax } from "./relax.js";
import { type SurfaceCell, surfaceCells } from "./surface-cells.js";
import type { Voxels } from "./voxels.js";

/** Where vertices stand: smoothed by rule, or at given offsets from the middle of their cell, in voxels, three for each cell. */
export type Placement =
  | { readonly kind: "smooth" }
  | { readonly kind: "blocks" }
  | { readonly kind: "offsets"; readonly offsets: Float64Array };

/** The mesh of a solid in the cube [0, 1]³. `colour` gives the sRGB of a palette index. Closed, manifold, outward, no face without area. */
export function surfaceOf(voxels: Voxels, placement: Placement, colour?: (index: number) => readonly number[]): Mesh {
  const { depth, solid } = voxels;
  const R = 1 << depth;
  const cells = surfaceCells(depth, solid);
  const quads = quadsOf(R, solid, cells);
  const offsets =
    placement.kind === "offsets"
      ? placement.offsets.map((offset) => Math.min(FARTHEST, Math.max(-FARTHEST, offset)))
      : placement.kind === "blocks"
        ? new Float64Array(3 * cells.length)
        : relax(R, solid, cells, quads);
  const faces = trianglesOf(cells, quads, offsets);
  const positions = new Float32Array(3 * cells.length);
  for (const [i, cell] of cells.entries()) {
    positions[3 * i] = (cell.x + offsets[3 * i]!) / R;
    positions[3 * i + 1] = (cell.y + offsets[3 * i + 1]!) / R;
    positions[3 * i + 2] = (cell.z + offsets[3 * i + 2]!) / R;
  }
  const colours = voxels.colours && colour ? coloursOf(R, voxels, cells, colour) : undefined;
  return { positions, faces, normals: smoothNormals({ positions, faces }), colours };
}

/**
 * Four cells around each edge of the dual grid that joins a solid voxel to an empty one, counter-clockwise seen from the empty one.
 */
function quadsOf(R: number, solid: Uint8Array, cells: readonly SurfaceCell[]): Uint32Array {
  const S = R + 1;
  const vertexAt = new Int32Array(S ** 3).fill(-1);
  for (const [i, { x, y, z }] of cells.entries()) vertexAt[(x * S + y) * S + z] = i;
  const quads: number[] = [];
  const strides = [S * S, S, 1] as const;
  for (const { x, y, z, block } of cells) {
    // The three edges that meet in the voxel (x-1, y-1, z-1), corner 0; and those that only cells at the low border of the grid have.
    const at = (x * S + y) * S + z;
    for (let axis = 0; axis < 3; axis++) {
      const bit = 4 >> axis;
      const inside = block & 1;
      if (inside === ((block >> bit) & 1)) continue;
      const [u, v] = [strides[(axis + 1) % 3]!, strides[(axis + 2) % 3]!];
      // The edge along `axis` from corner 0 is shared by the cells at, at-u, at-u-v, at-v.
      const ring = [at, at - u, at - u - v, at - v].map((cell) => vertexAt[cell]!);
      quads.push(...(inside ? ring : ring.reverse()));
    }
  }
  return Uint32Array.from(quads);
}

/** No triangle is smaller, in squared voxels: far above what float32 rounds away. */
const LEAST_AREA = 1e-3;

/**
 * Two triangles for each quad, along the diagonal that bends less. Where neither diagonal gives two triangles of an area, the four
 * vertices go half the way back to the middle of their cells, where all quads are squares: so this ends. Changes `offsets`.
 */
function trianglesOf(cells: readonly SurfaceCell[], quads: Uint32Array, offsets: Float64Array): Uint32Array {
  const points = new Float64Array(3 * cells.length);
  const place = (i: number) => {
    const { x, y, z } = cells[i]!;
    points[3 * i] = x + offsets[3 * i]!;
    points[3 * i + 1] = y + offsets[3 * i + 1]!;
    points[3 * i + 2] = z + offsets[3 * i + 2]!;
  };
  for (let i = 0; i < cells.length; i++) place(i);
  const faces = new Uint32Array((quads.length / 4) * 6);
  for (let again = true; again; ) {
    again = false;
    for (let q = 0; q < quads.length; q += 4) {
      const [a, b, c, d] = [quads[q]!, quads[q + 1]!, quads[q + 2]!, quads[q + 3]!];
      const [along, across] = [bend(points, a, b, c, d), bend(points, b, c, d, a)];
      if (Math.max(along, across) < -1) {
        again = true;
        for (const i of [a, b, c, d]) {
          for (let axis = 0; axis < 3; axis++) offsets[3 * i + axis]! /= 2;
          place(i);
        }
      }
      faces.set(along >= across ? [a, b, c, a, c, d] : [b, c, d, b, d, a], (q / 4) * 6);
    }
  }
  return faces;
}

/** The cosine between the triangles abc and acd; less than -1 where one of them has no area. */
function bend(points: Float64Array, a: number, b: number, c: number, d: number): number {
  const one = crossOf(points, a, b, c);
  const two = crossOf(points, a, c, d);
  const [first, second] = [Math.hypot(...one), Math.hypot(...two)];
  if (Math.min(first, second) < 2 * LEAST_AREA) return -2;
  return (one[0] * two[0] + one[1] * two[1] + one[2] * two[2]) / (first * second);
}

/** The colour of most solid voxels of each cell; of equally many, the one with the lowest index. */
function coloursOf(
  R: number,
  { colours, solid }: Voxels,
  cells: readonly SurfaceCell[],
  colour: (index: number) => readonly number[],
): Float32Array {
  const out = new Float32Array(3 * cells.length);
  for (const [i, { x, y, z }] of cells.entries()) {
    const votes = new Map<number, number>();
    for (let corner = 0; corner < 8; corner++) {
      const [cx, cy, cz] = [x - 1 + (corner >> 2), y - 1 + ((corner >> 1) & 1), z - 1 + (corner & 1)];
      if (cx < 0 || cy < 0 || cz < 0 || cx >= R || cy >= R || cz >= R) continue;
      const voxel = (cx * R + cy) * R + cz;
      if (solid[voxel]) votes.set(colours![voxel]!, (votes.get(colours![voxel]!) ?? 0) + 1);
    }
    const [best] = [...votes].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
    out.set(colour(best), 3 * i);
  }
  return out;
}
