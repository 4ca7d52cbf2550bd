/** Verifying single items of any medium by the manifests beside them: one row per kind of manifest. */
import { readFile } from "node:fs/promises";
import { ArgumentError } from "../base/errors.js";
import { readBoundedJson } from "../base/read-file.js";
import { described } from "../base/words.js";
import {
  type ImageModel,
  loadImageModel,
  loadMaskModel,
  loadMeshModel,
  loadSpeechModel,
  type MaskModel,
  type MeshModel,
  parseManifest,
  parseMaskManifest,
  parseMeshManifest,
  parseSpeechManifest,
  type SpeechModel,
  type Verification,
  verifyImage,
  verifyMask,
  verifyMesh,
  verifySpeech,
} from "../index.js";
import type { Loading } from "./kinds/kind.js";

interface Closable {
  close(): Promise<void>;
}

/** What an item is compared with or made from, besides its manifest: paths. */
export interface Beside {
  /** Its file. */
  readonly file: string | undefined;
  /** The picture that a mask was found in. */
  readonly image: string | undefined;
}

/** How items of a kind are verified. */
export interface Verifier {
  /** What is compared besides tokens, such as "pixels". */
  readonly output: string;
  load(source: string, loading: Partial<Loading>): Promise<Closable>;
  verify(json: unknown, where: string, model: Closable, beside: Beside, signal?: AbortSignal): Promise<Verification>;
}

const VERIFIERS: Readonly<Record<string, Verifier>> = {
  "tessera-image-manifest": {
    output: "pixels",
    load: loadImageModel,
    verify: (json, where, model, { file }, signal) =>
      verifyImage(parseManifest(json, where), { model: model as ImageModel, file, signal }),
  },
  "tessera-speech-manifest": {
    output: "samples",
    load: loadSpeechModel,
    async verify(json, where, model, { file }, signal) {
      const made = await verifySpeech(parseSpeechManifest(json, where), { model: model as SpeechModel, signal });
      return withFile(made, made.speech.bytes, file);
    },
  },
  "tessera-mesh-manifest": {
    output: "mesh",
    load: loadMeshModel,
    async verify(json, where, model, { file }, signal) {
      const made = await verifyMesh(parseMeshManifest(json, where), { model: model as MeshModel, signal });
      return withFile(made, made.mesh.bytes, file);
    },
  },
  "tessera-mask-manifest": {
    output: "mask",
    load: loadMaskModel,
    async verify(json, where, model, { file, image }, signal) {
      const manifest = parseMaskManifest(json, where);
      if (manifest.subject.imageSha256 !== null && image === undefined)
        throw new ArgumentError("--image", "the picture that the mask was found in", undefined);
      const made = await verifyMask(manifest, { model: model as MaskModel, image, signal });
      return withFile(made, made.mask.bytes, file);
    },
  },
};

/** Files of sounds, meshes and masks are the same bytes each time, but for the version in their mark. */
async function withFile(
  { same, differences }: Verification,
  made: Uint8Array,
  file: string | undefined,
): Promise<Verification> {
  if (file === undefined) return { same, differences };
  const found = await readFile(file).catch(() => null);
  if (found && Buffer.compare(found, made) === 0) return { same, differences };
  const fault = found ? "its bytes are not those made now" : "it cannot be read";
  return { same: false, differences: [...differences, `file: ${fault}`] };
}

/** A manifest beyond this is not one. */
const MOST_BYTES = 2 ** 20;

export interface ReadItem {
  readonly json: unknown;
  readonly verifier: Verifier;
  /** Name of the model, and how its weights were held. */
  readonly model: string;
  readonly precision: Loading["precision"];
}

/**
 * Reads the manifest of one item, of whichever medium.
 *
 * @throws InputError where it cannot be read or is no JSON; ArgumentError where it is of no kind that can be verified by itself.
 */
export async function readItemManifest(path: string): Promise<ReadItem> {
  const json = (await readBoundedJson(path, MOST_BYTES, "Name the .json file beside a generated file.")) as {
    readonly kind?: unknown;
    readonly model?: { readonly name?: unknown };
    readonly precision?: unknown;
  } | null;
  const { kind, model, precision } = json ?? {};
  if (kind === "tessera-text-manifest")
    throw new ArgumentError(
      path,
      "the manifest of a picture, a speech, a mesh or a mask",
      described("that of a text, which does not hold its prompt"),
      "Verify the assets.lock.json of its run, which does.",
    );
  const verifier = typeof kind === "string" && Object.hasOwn(VERIFIERS, kind) ? VERIFIERS[kind]! : null;
  if (!verifier) throw new ArgumentError(`${path}.kind`, `one of ${Object.keys(VERIFIERS).join(", ")}`, kind);
  return { json, verifier, model: String(model?.name), precision: (precision ?? null) as Loading["precision"] };
}

/** Whether a file holds such a manifest. */
export const isItemManifest = (path: string): Promise<boolean> =>
  readItemManifest(path).then(
    () => true,
    () => false,
  );
