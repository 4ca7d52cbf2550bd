/** What a mesh file format is to those who read and write meshes. */
import { InputError } from "../../base/errors.js";
import type { Mesh } from "../../tokenizers/octree/mesh.js";

export const MESH_FORMATS = ["glb", "obj", "stl", "ply"] as const;
export type MeshFormat = (typeof MESH_FORMATS)[number];

/** A file that says what no mesh can be. Nothing of it was used. */
export const damaged = (file: string, problem: string, options?: ErrorOptions): InputError =>
  new InputError(file, problem, "Export the mesh again, or check it with the program that wrote it.", options);

/** Vertices and faces that a file may have; more is a mistake or an attack. */
export const MOST_VERTICES = 20_000_000;
export const MOST_FACES = 20_000_000;

/** Refuses a count that a header states and that cannot be. */
export function checkCount(file: string, what: string, count: number, most: number): number {
  if (!(Number.isInteger(count) && count >= 0 && count <= most))
    throw damaged(file, `its header states ${count} ${what}; 0 to ${most} are read`);
  return count;
}

/**
 * What was read as a mesh that can be used: faces with an area, of vertices that are there and finite; faces of no area are left out, as every
 * exporter writes some.
 *
 * @throws InputError where no face is left, where a face names a vertex that is not there, or where a position is not finite.
 */
export function usable(file: string, { positions, faces, colours }: Mesh): Mesh {
  const vertices = positions.length / 3;
  const wrong = positions.findIndex((p) => !Number.isFinite(p));
  if (wrong >= 0) throw damaged(file, `vertex ${Math.floor(wrong / 3)} has a coordinate that is not a finite number`);
  const kept: number[] = [];
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f]!, faces[f + 1]!, faces[f + 2]!];
    if (a >= vertices || b >= vertices || c >= vertices)
      throw damaged(file, `face ${f / 3} names a vertex that is not there: the last one is ${vertices - 1}`);
    if (a !== b && b !== c && c !== a && hasArea(positions, a, b, c)) kept.push(a, b, c);
  }
  if (kept.length === 0) throw damaged(file, "it has no face of non-zero area");
  return { positions, faces: Uint32Array.from(kept), colours };
}

/** Whether the vector product of two edges has a part that is not 0. */
function hasArea(p: Float32Array, a: number, b: number, c: number): boolean {
  const [ux, uy, uz] = [p[3 * b]! - p[3 * a]!, p[3 * b + 1]! - p[3 * a + 1]!, p[3 * b + 2]! - p[3 * a + 2]!];
  const [vx, vy, vz] = [p[3 * c]! - p[3 * a]!, p[3 * c + 1]! - p[3 * a + 1]!, p[3 * c + 2]! - p[3 * a + 2]!];
  return ux * vy !== uy * vx || uy * vz !== uz * vy || uz * vx !== ux * vz;
}
