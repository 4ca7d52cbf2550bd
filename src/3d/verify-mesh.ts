/** Makes a mesh again from its manifest and says whether it is the same. */
import { checkModel, compareManifests, type Verification } from "../media/verification.js";
import { generateMesh } from "./generate-mesh.js";
import type { GeneratedMesh } from "./generated-mesh.js";
import type { MeshManifest } from "./manifest.js";
import type { MeshModel } from "./model.js";

export interface MeshVerification extends Verification {
  /** The mesh made now. */
  readonly mesh: GeneratedMesh;
}

/**
 * Regenerates the mesh of `manifest` with `model` and compares tokens and mesh. Another device, precision or version is reported as a
 * difference, but does not count against `same` if tokens and mesh agree.
 *
 * @throws ArgumentError where the manifest is of another model.
 */
export async function verifyMesh(
  manifest: MeshManifest,
  { model, signal }: { readonly model: MeshModel; readonly signal?: AbortSignal | undefined },
): Promise<MeshVerification> {
  checkModel(manifest, model);
  const { subject, depth, size, faces, sampling, decoding, seed, index } = manifest;
  const settings = { depth, size, faces, format: manifest.mesh.format, ...sampling, decoding, seed, firstIndex: index };
  const { meshes } = await generateMesh({ ...subject, ...settings, model, signal });
  const mesh = meshes[0]!;
  const output = { name: "mesh", sha256: ({ mesh }: MeshManifest) => mesh.sha256 };
  return { ...compareManifests(manifest, mesh.manifest, output), mesh };
}
