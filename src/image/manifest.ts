/** The manifest of a picture: what every manifest holds, its subject, what it was drawn into, and its pixels. */
import { isIntegerIn } from "../base/check.js";
import { sha256 as sha256Of } from "../base/digest.js";
import type { Fields } from "../base/fields.js";
import { closed, digest, record, truth, unlessAbsent, whole, word } from "../base/rows.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import type { FloatTensor } from "../engine/tensor.js";
import type { Choice } from "../media/candidates.js";
import { ENCODER_RECORD, encoderDigests, encoderRecord, type EncoderRecord } from "../media/given-text-encoder.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import type { ImageModel } from "./model.js";
import type { ImageRequest, Subject } from "./request.js";
import type { Sized } from "./sizing.js";

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
    /** A prompt that a text encoder read, whose files are among those of the model. */
    | { readonly prompt: string; readonly textEncoder: EncoderRecord }
    | { readonly classId: number }
    | { readonly featuresSha256: string };
  /** null for a picture that was made from nothing. */
  readonly edit: EditRecord | null;
}

interface Made {
  /** Of how many candidates it is which one, from 0. */
  readonly candidates: Choice;
  readonly picture: {
    readonly width: number;
    readonly height: number;
    /** Whether the upscaler of the model drew it at that size; else the networks did, or it was resampled. */
    readonly upscaled: boolean;
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
    candidates: unlessAbsent(
      { count: 1, chosen: 0 },
      record<Choice>({ count: whole(1, 2 ** 16), chosen: whole(0, 2 ** 16) }),
    ),
    picture: record({
      width: whole(1, 2 ** 16),
      height: whole(1, 2 ** 16),
      upscaled: unlessAbsent(false, truth),
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
    readonly candidates: Choice;
    readonly sized: Sized;
    readonly edit: EditRecord | null;
  },
): ImageManifest {
  const { subject, index, ids, edit, candidates } = made;
  const { picture, upscaled } = made.sized;
  const { width, height, data } = picture;
  const { route, format } = request;
  const sha256 = {
    ...route.sha256,
    ...(upscaled && model.upscaler!.sha256),
    ...(candidates.count > 1 && model.pictureEncoder!.sha256),
    ...(subject.kind === "text" && encoderDigests(model.textEncoder!)),
  };
  return MANIFESTS.of(
    model,
    { ...request, source: edit ? "composite" : "generated", files: { ...route, sha256 }, index, ids },
    { subject: subjectRecord(subject, model), edit },
    { candidates, picture: { width, height, upscaled, format, rgbaSha256: sha256Of(data as Uint8Array) } },
  );
}

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readManifest: (path: string) => Promise<ImageManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseManifest: (json: unknown, where?: string) => ImageManifest = MANIFESTS.parse;

function subjectRecord(subject: Subject, { textEncoder }: ImageModel): ImageManifest["subject"] {
  switch (subject.kind) {
    case "caption":
      return { prompt: subject.prompt, style: subject.style };
    case "text":
      return { prompt: subject.prompt, textEncoder: encoderRecord(textEncoder!) };
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
  if (of.names().includes("textEncoder")) return { prompt, textEncoder: ENCODER_RECORD(of, "textEncoder") };
  return { prompt, style: of.text("style") };
}

const sha256OfFeatures = ({ data }: FloatTensor): string =>
  sha256Of(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
