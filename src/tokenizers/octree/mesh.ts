/** Triangle meshes, and what can be said about one: closed, manifold, which way out, how large. */

/** Triangles over shared vertices. Faces run counter-clockwise seen from outside; +Y is up, +Z the front. */
export interface Mesh {
  /** x, y, z of each vertex. */
  readonly positions: Float32Array;
  /** Three vertices of each triangle. */
  readonly faces: Uint32Array;
  /** A unit vector for each vertex. */
  readonly normals?: Float32Array | undefined;
  /** sRGB red, green, blue from 0 to 1 for each vertex. */
  readonly colours?: Float32Array | undefined;
}

export interface Bounds {
  readonly least: readonly [number, number, number];
  readonly most: readonly [number, number, number];
}

/** The bounding box; of no vertex at all, the origin. */
export function boundsOf({ positions }: Pick<Mesh, "positions">): Bounds {
  const least: [number, number, number] = [Infinity, Infinity, Infinity];
  const most: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const axis = i % 3;
    if (positions[i]! < least[axis]!) least[axis] = positions[i]!;
    if (positions[i]! > most[axis]!) most[axis] = positions[i]!;
  }
  return positions.length === 0 ? { least: [0, 0, 0], most: [0, 0, 0] } : { least, most };
}

/** The vector product (b - a) x (c - a) of a triangle: its direction is the normal, its length twice the area. */
export function crossOf(positions: ArrayLike<number>, a: number, b: number, c: number): [number, number, number] {
  const at = (vertex: number, axis: number) => positions[3 * vertex + axis]!;
  const [ux, uy, uz] = [at(b, 0) - at(a, 0), at(b, 1) - at(a, 1), at(b, 2) - at(a, 2)];
  const [vx, vy, vz] = [at(c, 0) - at(a, 0), at(c, 1) - at(a, 1), at(c, 2) - at(a, 2)];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

/** The normals of shared vertices: the mean of the adjacent faces, weighted by area. A vertex without any gets +Y. */
export function smoothNormals({ positions, faces }: Pick<Mesh, "positions" | "faces">): Float32Array {
  const sums = new Float64Array(positions.length);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f]!, faces[f + 1]!, faces[f + 2]!];
    const normal = crossOf(positions, a, b, c);
    for (const vertex of [a, b, c]) for (let axis = 0; axis < 3; axis++) sums[3 * vertex + axis]! += normal[axis]!;
  }
  const normals = new Float32Array(positions.length);
  for (let i = 0; i < sums.length; i += 3) {
    const length = Math.hypot(sums[i]!, sums[i + 1]!, sums[i + 2]!);
    if (length > 0) for (let axis = 0; axis < 3; axis++) normals[i + axis] = sums[i + axis]! / length;
    else normals[i + 1] = 1;
  }
  return normals;
}

/** The signed volume: positive if faces run counter-clockwise seen from outside. Means something for closed meshes only. */
export function volumeOf({ positions, faces }: Pick<Mesh, "positions" | "faces">): number {
  let six = 0;
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [3 * faces[f]!, 3 * faces[f + 1]!, 3 * faces[f + 2]!];
    const p = positions;
    six +=
      p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
      p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
      p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
  }
  return six / 6;
}

/** The sum of the areas of all faces. */
export function areaOf({ positions, faces }: Pick<Mesh, "positions" | "faces">): number {
  let twice = 0;
  for (let f = 0; f < faces.length; f += 3)
    twice += Math.hypot(...crossOf(positions, faces[f]!, faces[f + 1]!, faces[f + 2]!));
  return twice / 2;
}
