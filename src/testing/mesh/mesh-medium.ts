/** Meshes: generated ones, files, GLB bytes, triangles. */
import { isObject } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { type Mesh, meshFile, parseMesh, readMesh } from "../../index.js";
import type { Medium } from "../medium.js";
import { onlyItem } from "../only-item.js";
import { compareMeshes, type MeshMeasure } from "./compare-meshes.js";

export const MESHES: Medium<Mesh, MeshMeasure> = {
  noun: "mesh",
  extension: "glb",
  tolerance: { chamfer: 0.01, deviation: 0.1, watertight: 0, topology: 0, faces: 0, colour: 1 },
  async read(received) {
    const item = onlyItem(received);
    if (typeof item === "string") return readMesh(item);
    if (item instanceof Uint8Array) return parseMesh(item, "glb", "expect");
    const mesh: unknown = isObject(item) && isObject(item.mesh) ? item.mesh : item;
    if (isObject(mesh) && mesh.positions instanceof Float32Array && mesh.faces instanceof Uint32Array)
      return mesh as unknown as Mesh;
    throw new ArgumentError("expect", "a generated mesh, the path of a mesh file, the bytes of a GLB, or a mesh", item);
  },
  encode: (mesh, marking) => meshFile(mesh, "glb", marking),
  decode: (golden) => parseMesh(golden, "glb", "golden"),
  compare: compareMeshes,
};
