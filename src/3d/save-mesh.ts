/** Users' own meshes as files. */
import { writeWhole } from "../base/write-file.js";
import type { Mesh } from "../tokenizers/octree/mesh.js";
import { meshFile } from "./encode.js";
import { formatOf } from "./read-mesh.js";

/**
 * Writes a mesh in metres, +Y up, to a file whose ending states the format: glb, obj, ply, or stl, which is in millimetres with +Z up. It carries no
 * mark of a model. The file appears whole or not at all; folders are made.
 *
 * @throws UnknownNameError for another ending, OutputError.
 */
export async function saveMesh(mesh: Mesh, path: string): Promise<void> {
  await writeWhole(path, await meshFile(mesh, formatOf(path), null));
}
