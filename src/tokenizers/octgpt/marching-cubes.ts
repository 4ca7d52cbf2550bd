/**
 * Marching cubes (Lorensen and Cline 1987) with a table that is derived, not typed: on each face of a cube, crossings are joined so that
 * corners inside are kept apart where two rules are possible. Both cubes at a face then agree, so the surface has no holes.
 */
import { type Mesh, smoothNormals } from "../octree/mesh.js";

/** Corner 4x + 2y + z of a cube lies at (x, y, z). */
const CORNERS = 8;

/** The edges of a cube: from a corner along an axis, whose bit the corner lacks. */
const EDGES: readonly (readonly [corner: number, axis: number])[] = [4, 2, 1].flatMap((bit, axis) =>
  Array.from({ length: CORNERS }, (_, corner) => corner)
    .filter((corner) => (corner & bit) === 0)
    .map((corner) => [corner, axis] as const),
);

const edgeBetween = (a: number, b: number): number => {
  const low = Math.min(a, b);
  const axis = [4, 2, 1].indexOf(a ^ b);
  return EDGES.findIndex(([corner, along]) => corner === low && along === axis);
};

/** The four corners of each face, counter-clockwise seen from outside the cube. */
const FACES: readonly (readonly [number, number, number, number])[] = [4, 2, 1].flatMap((bit) => {
  const [u, v] = bit === 4 ? [2, 1] : bit === 2 ? [1, 4] : [4, 2]; // u x v points along the axis
  const far = [bit, bit + u, bit + u + v, bit + v] as const;
  return [far, [0, v, u + v, u] as const];
});

/** The rows of the table, each derived when it is first needed. */
const TRIANGLES: Uint8Array[] = [];

/** Triangles of crossed edges for a set of corners inside, counter-clockwise seen from outside the surface. */
function trianglesOf(inside: number): Uint8Array {
  const next = new Map<number, number>(); // the edge that follows a crossed one along the surface
  for (const face of FACES) {
    for (let i = 0; i < 4; i++) {
      const [before, corner] = [face[(i + 3) % 4]!, face[i]!];
      if (!has(inside, corner) || has(inside, before)) continue;
      // A run of corners inside begins here; it ends before the next one outside.
      let last = i;
      while (has(inside, face[(last + 1) % 4]!)) last++;
      next.set(edgeBetween(before, corner), edgeBetween(face[last % 4]!, face[(last + 1) % 4]!));
    }
  }
  const triangles: number[] = [];
  while (next.size > 0) {
    const [first] = next.keys() as unknown as [number];
    const loop: number[] = [];
    for (let edge: number | undefined = first; edge !== undefined && next.has(edge); ) {
      loop.push(edge);
      const following: number = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    triangles.push(...triangulated(loop)!);
  }
  return Uint8Array.from(triangles);
}

/** Triangles of a loop of crossed edges; null where none keep off the faces, on which they would touch those of the next cube. */
function triangulated(loop: readonly number[]): readonly number[] | null {
  const last = loop.length - 1;
  if (last < 2) return [];
  for (let i = 1; i < last; i++) {
    const [a, b, c] = [loop[0]!, loop[i]!, loop[last]!];
    if ((i > 1 && shareFace(a, b)) || (i + 1 < last && shareFace(b, c))) continue;
    const [before, behind] = [triangulated(loop.slice(0, i + 1)), triangulated(loop.slice(i))];
    if (before && behind) return [a, b, c, ...before, ...behind];
  }
  return null;
}

function shareFace(a: number, b: number): boolean {
  return FACES.some((face) => [a, b].every((edge) => isOn(face, edge)));
}

function isOn(face: readonly number[], edge: number): boolean {
  const [corner, axis] = EDGES[edge]!;
  return face.includes(corner) && face.includes(corner | (4 >> axis));
}

function has(inside: number, corner: number): boolean {
  return ((inside >> corner) & 1) === 1;
}

/**
 * The surface where a field [R³], x slowest, passes `level`; below it is inside. Positions are in steps of the grid. Where the surface
 * leaves the grid it is open.
 */
export function marchingCubes(field: Float32Array, R: number, level: number): Mesh {
  const strides = [R * R, R, 1] as const;
  const corner = Array.from({ length: CORNERS }, (_, c) => (c >> 2) * R * R + ((c >> 1) & 1) * R + (c & 1));
  const vertices = [0, 1, 2].map(() => new Map<number, number>()); // of each axis: the grid point below -> vertex
  const positions: number[] = [];
  const faces: number[] = [];
  const vertexOf = (point: number, axis: number): number => {
    const found = vertices[axis]!.get(point);
    if (found !== undefined) return found;
    const [low, high] = [field[point]!, field[point + strides[axis]!]!];
    const place = [Math.floor(point / (R * R)), Math.floor(point / R) % R, point % R];
    place[axis]! += (level - low) / (high - low);
    vertices[axis]!.set(point, positions.length / 3);
    return positions.push(...place) / 3 - 1;
  };
  for (let x = 0; x + 1 < R; x++) {
    for (let y = 0; y + 1 < R; y++) {
      for (let z = 0, at = (x * R + y) * R; z + 1 < R; z++, at++) {
        let inside = 0;
        for (let c = 0; c < CORNERS; c++) if (field[at + corner[c]!]! < level) inside |= 1 << c;
        if (inside === 0 || inside === 255) continue;
        for (const edge of (TRIANGLES[inside] ??= trianglesOf(inside))) {
          const [from, axis] = EDGES[edge]!;
          faces.push(vertexOf(at + corner[from]!, axis));
        }
      }
    }
  }
  const mesh = { positions: Float32Array.from(positions), faces: Uint32Array.from(faces) };
  return { ...mesh, normals: smoothNormals(mesh) };
}
