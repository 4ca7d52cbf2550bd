/** One mesh that was made, with all that belongs to it. */
import type { Options } from "../base/check.js";
import { type GeneratedItem, saveItem } from "../media/saved.js";
import { shownBriefly } from "../media/shown.js";
import type { Mesh } from "../tokenizers/octree/mesh.js";
import { MESH_ENCODINGS } from "./encode.js";
import type { MeshFacts } from "./facts.js";
import type { MeshFormat } from "./formats/format.js";
import type { MeshManifest } from "./manifest.js";
import { type Raster, rasterise, type View } from "./rasterise.js";

export interface GeneratedMesh extends GeneratedItem<MeshManifest> {
  /** The file: encoded, and marked as made by a model. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly format: MeshFormat;
  /** Triangles over shared vertices, in metres, +Y up, +Z the front. */
  readonly mesh: Mesh;
  /** Size, watertightness, volume. */
  readonly facts: MeshFacts;
  /** The ids of the tokenizer: model.decode() makes the mesh of them. */
  readonly ids: Int32Array;
  /** A picture of it, drawn on the CPU, with a transparent background. */
  thumbnail(view?: Options<View>): Raster;
}

/** The mesh with its save() and thumbnail(). */
export function generatedMesh(made: Omit<GeneratedMesh, "save" | "mediaType" | "thumbnail">): GeneratedMesh {
  const { mediaType, extensions } = MESH_ENCODINGS[made.format];
  return shownBriefly({
    ...made,
    mediaType,
    thumbnail: (view) => rasterise(made.mesh, view),
    save: (path, options) => saveItem(path, { ...made, extensions }, options),
  });
}
