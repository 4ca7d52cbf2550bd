/** The manifest of a picture: what every manifest holds, its subject, what it was drawn into, and its pixels. */
import { isIntegerIn } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import type { Fields } from "../base/fields.js";
import { closed, digest, record, whole, word } from "../base/rows.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { FloatTensor } from "../engine/tensor.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageModel } from "./model.js";
import type { ImageRequest, Subject } from "./request.js";

/** What an edit was given. The pictures themselves are not in the manifest. */
export interface EditRecord {
  /** Of the straight RGBA bytes of the picture that was edited. */
  readonly imageSha256: string;
  /** Of the mask: a byte per pixel, 1 where it is redrawn. */
  readonly maskSha256: string;
  /** Pixels over which the old picture fades into the new one. */
  readonly seam: number;
}

/** What a picture was made from. */
interface Asked {
  readonly subject:
    | { readonly prompt: string; readonly style: string }
    | { readonly classId: number }
    | { readonly featuresSha256: string };
  /** null for a picture that was made from nothing. */
  readonly edit: EditRecord | null;
}

interface Made {
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly format: ImageFormat;
    /** Of the straight RGBA bytes, not of the file: encoders may change, pixels may not. */
    readonly rgbaSha256: string;
  };
}

export interface ImageManifest extends ManifestBase<"tessera-image-manifest", keyof TokenSampling>, Asked, Made {}

const EDIT = record<EditRecord>({ imageSha256: digest, maskSha256: digest, seam: whole(0, 2 ** 16) });

const MANIFESTS = manifests({
  kind: "tessera-image-manifest",
  sampling: TOKEN_SAMPLING,
  asked: {
    subject: closed(subjectFrom),
    edit: (of, name) => (of.take(name) === null ? null : EDIT(of, name)),
  },
  made: {
    picture: record({
      width: whole(1, 2 ** 16),
      height: whole(1, 2 ** 16),
      format: word(Object.keys(ENCODINGS) as ImageFormat[]),
      rgbaSha256: digest,
    }),
  },
});

/** The manifest of a picture that was made. */
export function imageManifest(
  model: ImageModel,
  request: ImageRequest,
  made: {
    readonly subject: Subject;
    readonly index: number;
    readonly ids: Int32Array;
    readonly picture: Picture;
    readonly edit: EditRecord | null;
  },
): ImageManifest {
  const { subject, index, ids, edit } = made;
  const { width, height, data } = made.picture;
  const { route: files, format } = request;
  return MANIFESTS.of(
    model,
    { ...request, source: edit ? "composite" : "generated", files, index, ids },
    { subject: subjectRecord(subject), edit },
    { picture: { width, height, format, rgbaSha256: sha256(data as Uint8Array) } },
  );
}

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readManifest: (path: string) => Promise<ImageManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseManifest: (json: unknown, where?: string) => ImageManifest = MANIFESTS.parse;

function subjectRecord(subject: Subject): ImageManifest["subject"] {
  switch (subject.kind) {
    case "caption":
      return { prompt: subject.prompt, style: subject.style };
    case "class":
      return { classId: subject.classId };
    case "features":
      return { featuresSha256: sha256OfFeatures(subject.features) };
  }
}

function subjectFrom(of: Fields): ImageManifest["subject"] {
  if (of.names().includes("classId"))
    return { classId: of.number("classId", "a whole number", isIntegerIn(0, 2 ** 24)) };
  if (of.names().includes("featuresSha256")) return { featuresSha256: digest(of, "featuresSha256") };
  const prompt = of.value("prompt", "a text", (text): text is string => typeof text === "string");
  return { prompt, style: of.text("style") };
}

const sha256OfFeatures = ({ data }: FloatTensor): string =>
  sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
