/** Meshes as assets. */
import { DEFAULT_MESH_MODEL, type GenerateMeshOptions, loadMeshModel, streamMesh } from "../../index.js";
import { kindOf } from "./kind.js";
import { numberFrom, promptOf, SAMPLING, wholeFrom } from "./settings.js";

export const MESH = kindOf({
  about: "A closed mesh from a prompt.",
  medium: "mesh",
  revision: 1,
  model: DEFAULT_MESH_MODEL,
  subjects: ["prompt"],
  list: null,
  files: [],
  axes: {
    prompt: promptOf('What to make, such as "round table with three legs".'),
    depth: wholeFrom(3, 8, "Levels of the octree: 2^depth voxels along the longest side."),
    size: numberFrom(1e-6, 1e6, "Metres of the longest side of the cube that holds the mesh."),
    ...SAMPLING,
  },
  fixed: {},
  check() {},
  load: (source, loading) => loadMeshModel(source, loading),
  stream: (model, settings, wanted) => {
    const options = { ...settings, ...wanted, model, format: "glb" };
    return streamMesh(options as unknown as GenerateMeshOptions);
  },
  made: (event) => (event.type === "mesh-end" ? (event.mesh as never) : null),
});
