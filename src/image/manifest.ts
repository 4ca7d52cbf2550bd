/** The manifest of a picture: what every manifest holds, its subject, what it was drawn into, and its pixels. */
import { isIntegerIn } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import type { Fields } from "../base/fields.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { FloatTensor } from "../engine/tensor.js";
import {
  closed,
  digest,
  type ManifestBase,
  type ManifestFormat,
  manifestOf,
  parseManifestOf,
  readManifestFile,
} from "../media/manifest.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageModel } from "./model.js";
import type { ImageRequest, Subject } from "./request.js";

/** What an edit was given. The pictures themselves are not in the manifest. */
export interface EditRecord {
  /** Of the straight RGBA bytes of the picture that was edited. */
  readonly imageSha256: string;
  /** Of the mask: a byte a pixel, 1 where it is redrawn. */
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

type Kind = "tessera-image-manifest";

export interface ImageManifest extends ManifestBase<Kind, keyof TokenSampling>, Asked, Made {}

const FORMAT: ManifestFormat<Kind, keyof TokenSampling, Asked, Made> = {
  kind: "tessera-image-manifest",
  sampling: TOKEN_SAMPLING,
  asked: (of) => ({
    subject: closed(of.object("subject"), subjectFrom),
    edit: of.take("edit") === null ? null : closed(of.object("edit"), editFrom),
  }),
  made: (of) => ({
    picture: closed(of.object("picture"), (picture) => ({
      width: picture.number("width", "a whole number", isIntegerIn(1, 2 ** 16)),
      height: picture.number("height", "a whole number", isIntegerIn(1, 2 ** 16)),
      format: picture.word("format", Object.keys(ENCODINGS) as ImageFormat[]),
      rgbaSha256: digest(picture, "rgbaSha256"),
    })),
  }),
};

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
  const { route: files, sampling, decoding, seed, format } = request;
  const source = edit ? "composite" : "generated";
  return manifestOf(
    FORMAT,
    model,
    { source, files, sampling, decoding, seed, index, ids },
    { subject: subjectRecord(subject), edit },
    { picture: { width, height, format, rgbaSha256: sha256(data as Uint8Array) } },
  );
}

/**
 * Reads a manifest file.
 *
 * @throws InputError where the file cannot be read or is no JSON; ArgumentError for a field that is missing or wrong.
 */
export const readManifest = async (path: string): Promise<ImageManifest> =>
  parseManifest(await readManifestFile(path), path);

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseManifest = (json: unknown, where = "manifest"): ImageManifest => parseManifestOf(FORMAT, json, where);

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

const editFrom = (of: Fields): EditRecord => ({
  imageSha256: digest(of, "imageSha256"),
  maskSha256: digest(of, "maskSha256"),
  seam: of.number("seam", "a whole number", isIntegerIn(0, 2 ** 16)),
});

const sha256OfFeatures = ({ data }: FloatTensor): string =>
  sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
