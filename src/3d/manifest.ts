/** The manifest of a mesh: what every manifest holds, its prompt and settings, and the mesh itself. */
import { isIntegerIn, isNumberIn } from "../base/check.js";
import { isSha256, sha256 } from "../base/digest.js";
import { digest, number, orNull, record, text, unlessAbsent, whole, word } from "../base/rows.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { FloatTensor } from "../engine/tensor.js";
import { ENCODER_RECORD, encoderDigests, encoderRecord, type EncoderRecord } from "../media/given-text-encoder.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import type { Mesh } from "../tokenizers/octree/mesh.js";
import { MESH_FORMATS, type MeshFormat } from "./formats/format.js";
import type { MeshModel } from "./model.js";
import type { MeshRequest } from "./request.js";

interface Asked {
  readonly subject: {
    readonly prompt: string;
    /** Of the rows that the model was shown, as float32; null: there were none. */
    readonly contextSha256: string | null;
    /** What read the prompt, whose files are among those of the model; null: the model itself, or nothing. */
    readonly textEncoder: EncoderRecord | null;
  };
  /** Levels of the octree. */
  readonly depth: number;
  /** Metres of the longest side. */
  readonly size: number;
  /** Faces asked for; null: as many as there are. */
  readonly faces: number | null;
}

interface Made {
  readonly mesh: {
    readonly format: MeshFormat;
    readonly vertices: number;
    readonly faces: number;
    /** Of positions (float32) and faces (uint32), little-endian, one after the other. */
    readonly sha256: string;
  };
}

export interface MeshManifest extends ManifestBase<"tessera-mesh-manifest", keyof TokenSampling>, Asked, Made {}

const MANIFESTS = manifests({
  kind: "tessera-mesh-manifest",
  sampling: TOKEN_SAMPLING,
  asked: {
    subject: record({
      prompt: text(1_000_000),
      contextSha256: orNull("64 hexadecimal digits", isSha256),
      textEncoder: unlessAbsent(null, (of, name) => (of.take(name) === null ? null : ENCODER_RECORD(of, name))),
    }),
    depth: number("a depth from 1 to 8", isIntegerIn(1, 8)),
    size: number("metres above 0", isNumberIn(Number.MIN_VALUE, 1e6)),
    faces: orNull("a whole number", isIntegerIn(4, 1e7)),
  },
  made: {
    mesh: record({
      format: word(MESH_FORMATS),
      vertices: whole(0, 2 ** 31),
      faces: whole(0, 2 ** 31),
      sha256: digest,
    }),
  },
});

/** The manifest of a mesh that was made. */
export function meshManifest(
  model: MeshModel,
  request: MeshRequest,
  { index, ids, mesh }: { readonly index: number; readonly ids: Int32Array; readonly mesh: Mesh },
): MeshManifest {
  const { prompt, depth, size, faces, format, route, subject } = request;
  const encoder = subject.encoded ? model.textEncoder : null;
  const files = encoder ? { ...route, sha256: { ...route.sha256, ...encoderDigests(encoder) } } : route;
  const textEncoder = encoder && encoderRecord(encoder);
  const counts = { vertices: mesh.positions.length / 3, faces: mesh.faces.length / 3 };
  return MANIFESTS.of(
    model,
    { ...request, source: "generated", files, index, ids },
    { subject: { prompt, contextSha256: sha256OfContext(subject.context), textEncoder }, depth, size, faces },
    { mesh: { format, ...counts, sha256: sha256OfMesh(mesh) } },
  );
}

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readMeshManifest: (path: string) => Promise<MeshManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseMeshManifest: (json: unknown, where?: string) => MeshManifest = MANIFESTS.parse;

/** Of the rows as float32, little-endian; null where there are none. */
export const sha256OfContext = (context: FloatTensor | null): string | null =>
  context && sha256(new Uint8Array(floatBytes(context.data, 0).buffer));

/** The numbers as float32, little-endian, in front of `more` bytes. */
function floatBytes(values: ArrayLike<number>, more: number): DataView {
  const bytes = new DataView(new ArrayBuffer(4 * values.length + more));
  for (let i = 0; i < values.length; i++) bytes.setFloat32(4 * i, values[i]!, true);
  return bytes;
}

function sha256OfMesh({ positions, faces }: Mesh): string {
  const bytes = floatBytes(positions, 4 * faces.length);
  for (const [i, value] of faces.entries()) bytes.setUint32(4 * (positions.length + i), value, true);
  return sha256(new Uint8Array(bytes.buffer));
}
