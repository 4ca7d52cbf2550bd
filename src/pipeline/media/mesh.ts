/** Meshes: with fewer faces, in several levels of detail, written as GLB, OBJ, PLY or STL. */
import { z } from "zod";
import { type Mesh, MESH_FORMATS, type MeshFormat, meshFile, parseMesh, simplify } from "../../index.js";
import { change, mediumOf, write } from "./medium.js";

const FACES = z.int().min(4).max(10_000_000);
const COUNTS = z.array(FACES).min(1).max(8);

const LODS = z.union([
  COUNTS.describe("Approximate number of triangles of each coarser level, such as [2000, 500]."),
  z.strictObject({ faces: COUNTS, format: z.enum(MESH_FORMATS).default("glb") }),
]);

export const MESH_MEDIUM = mediumOf<Mesh, MeshFormat>({
  plural: "meshes",
  formats: ["glb", "obj", "ply", "stl"],
  kept: "glb",
  decode: (bytes) => parseMesh(bytes, "glb"),
  encode: meshFile,
  manifestAs: (manifest, format) => ({ ...manifest, mesh: { ...(manifest.mesh as object), format } }),
  steps: {
    faces: change(
      "Simplifies to about this many triangles; a closed mesh stays closed.",
      FACES,
      async (mesh, faces) => {
        return (await simplify(mesh, faces)).mesh;
      },
    ),
    lods: write(
      "Levels of detail: -lod0 is the mesh itself, -lod1 the next coarser one.",
      LODS,
      async (item, options) => {
        const { faces, format } = Array.isArray(options) ? { faces: options, format: "glb" as const } : options;
        const levels = [item.value];
        for (const count of faces) levels.push((await simplify(item.value, count)).mesh);
        return Promise.all(
          levels.map(async (mesh, level) => ({
            suffix: `-lod${level}.${format}`,
            bytes: await meshFile(mesh, format, item.marking),
          })),
        );
      },
    ),
  },
});
