/** Mesh files of users: GLB, OBJ, STL, PLY. */
import { extname } from "node:path";
import { UnknownNameError } from "../base/errors.js";
import { readBounded } from "../base/read-file.js";
import { type Mesh, smoothNormals } from "../tokenizers/octree/mesh.js";
import { MESH_FORMATS, type MeshFormat, usable } from "./formats/format.js";
import { readObj } from "./formats/obj.js";
import { readPly } from "./formats/ply.js";
import { readStl } from "./formats/stl.js";

/** A file beyond this is none that a browser or a game would load. */
const MOST_BYTES = 2 ** 30;

const READERS: Readonly<Record<MeshFormat, (file: string, bytes: Uint8Array) => Mesh | Promise<Mesh>>> = {
  glb: async (file, bytes) => (await import("./formats/glb.js")).readGlb(file, bytes), // with glTF-Transform
  obj: readObj,
  stl: readStl,
  ply: readPly,
};

/** The format that the ending of a name states. Throws UnknownNameError. */
export function formatOf(path: string): MeshFormat {
  const ending = extname(path).slice(1).toLowerCase();
  if (!MESH_FORMATS.includes(ending as MeshFormat)) throw new UnknownNameError("mesh format", ending, MESH_FORMATS);
  return ending as MeshFormat;
}

/**
 * Reads a mesh file: all its triangles as one mesh with shared vertices and smooth normals. Faces without area are left out.
 *
 * @throws InputError for a file that is damaged or has no face, UnknownNameError for another ending.
 */
export async function readMesh(path: string): Promise<Mesh> {
  const format = formatOf(path);
  return parseMesh(await readBounded(path, MOST_BYTES), format, path);
}

/** Reads the bytes of a mesh file. `name` stands for it in messages. */
export async function parseMesh(bytes: Uint8Array, format: MeshFormat, name = `this ${format}`): Promise<Mesh> {
  const mesh = usable(name, await READERS[format](name, bytes));
  return { ...mesh, normals: smoothNormals(mesh) };
}
