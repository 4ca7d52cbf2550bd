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
export { type ImageTower, type MeshFromImageOptions, meshFromImage } from "./mesh-from-image.js";
export { loadMeshModel, type MeshLoadSettings, type MeshModel } from "./model.js";
export type { MeshIds } from "./networks/network.js";
export type { OctgptFiles, OctgptRow } from "./published.js";
export { type Raster, rasterise, type View } from "./rasterise.js";
export { parseMesh, readMesh } from "./read-mesh.js";
export { MESH_DEFAULTS, type MeshSettings } from "./request.js";
export { saveMesh } from "./save-mesh.js";
export { type Simplified, simplify } from "./simplify.js";
export type { MeshSubject } from "./subject.js";
export { type MeshVerification, type VerifyMeshOptions, verifyMesh } from "./verify-mesh.js";

export { DEFAULT_MESH_MODEL } from "../models/known.js";
export type { MeshModelConfig } from "../models/mesh-config.js";
export {
  PUBLISHED_SHAPE_MODELS,
  type PublishedShapeModel,
  type PublishedShapeName,
  SHAPE_MODEL_ORIGIN,
} from "../models/octgpt.js";
export type { Bounds, Mesh } from "../tokenizers/octree/mesh.js";
export { type Topology, topologyOf } from "../tokenizers/octree/topology.js";
