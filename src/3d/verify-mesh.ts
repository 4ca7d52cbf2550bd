/** Makes a mesh again from its manifest and says whether it is the same. */
import { checkOptions } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { FloatTensor } from "../engine/tensor.js";
import { encoderDifferences } from "../media/given-text-encoder.js";
import { checkModel, compareManifests, type Verification } from "../media/verification.js";
import { generateMesh } from "./generate-mesh.js";
import type { GeneratedMesh } from "./generated-mesh.js";
import { type MeshManifest, parseMeshManifest, sha256OfContext } from "./manifest.js";
import type { MeshModel } from "./model.js";

export interface MeshVerification extends Verification {
  /** The mesh made now. */
  readonly mesh: GeneratedMesh;
}

export interface VerifyMeshOptions {
  readonly model: MeshModel;
  /** The rows that it was made after; left out where there were none. */
  readonly context?: FloatTensor | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Regenerates the mesh of `manifest` with `model` and compares tokens and mesh. Another device, precision or version is reported as a
 * difference, but does not count against `same` if tokens and mesh agree.
 *
 * @throws ArgumentError where the manifest is of another model, or of another context.
 */
export async function verifyMesh(manifest: MeshManifest, options: VerifyMeshOptions): Promise<MeshVerification> {
  const parsed = parseMeshManifest(manifest);
  checkOptions("verifyMesh", options);
  const { model, context, signal } = options;
  checkModel(parsed, model);
  const { subject, depth, size, faces, sampling, decoding, seed, index } = parsed;
  const settings = { depth, size, faces, format: parsed.mesh.format, ...sampling, decoding, seed, firstIndex: index };
  if (sha256OfContext(context ?? null) !== subject.contextSha256) {
    const expected = subject.contextSha256 === null ? "none, as the mesh had" : "the rows that the mesh was made after";
    throw new ArgumentError("context", expected, described(context ? "other rows" : "none"));
  }
  const { meshes } = await generateMesh({ prompt: subject.prompt, context, ...settings, model, signal });
  const mesh = meshes[0]!;
  const output = { name: "mesh", sha256: ({ mesh }: MeshManifest) => mesh.sha256 };
  const { same, differences } = compareManifests(parsed, mesh.manifest, output);
  const encoders = encoderDifferences(subject.textEncoder, mesh.manifest.subject.textEncoder);
  return { same, differences: [...differences, ...encoders], mesh };
}
