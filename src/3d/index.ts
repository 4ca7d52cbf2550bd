/** Public names of meshes. */
export { meshFile } from "./encode.js";
export { type MeshFacts, factsOf } from "./facts.js";
export { MESH_FORMATS, type MeshFormat } from "./formats/format.js";
export {
  type GenerateMeshOptions,
  generateMesh,
  type MeshEnd,
  type MeshEvent,
  type MeshPreview,
  type MeshResult,
  streamMesh,
} from "./generate-mesh.js";
export type { GeneratedMesh } from "./generated-mesh.js";
export { type MeshManifest, parseMeshManifest, readMeshManifest } from "./manifest.js";
export { loadMeshModel, type MeshModel } from "./model.js";
export {
  loadOctgpt,
  OCTGPT_DEFAULTS,
  type OctgptFiles,
  type OctgptModel,
  type OctgptSettings,
  type OctgptShape,
  type OctgptSubject,
} from "./octgpt.js";
export { type Raster, rasterise, type View } from "./rasterise.js";
export { parseMesh, readMesh } from "./read-mesh.js";
export { MESH_DEFAULTS, type MeshSettings, type MeshSubject } from "./request.js";
export { saveMesh } from "./save-mesh.js";
export { type Simplified, simplify } from "./simplify.js";
export { type MeshVerification, verifyMesh } from "./verify-mesh.js";

export { DEFAULT_MESH_MODEL } from "../models/known.js";
export type { MeshModelConfig } from "../models/mesh-config.js";
export type { Bounds, Mesh } from "../tokenizers/octree/mesh.js";
export { type Topology, topologyOf } from "../tokenizers/octree/topology.js";
