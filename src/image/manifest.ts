/** The record of one picture: everything it was made from, so that it can be made again and compared. */
import { readFile } from "node:fs/promises";
import { isIntegerIn } from "../base/check.js";
import { isSha256, sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import { VERSION } from "../base/version.js";
import { type Decoding, decodingOf } from "../core/orders.js";
import type { Precision } from "../engine/engine.js";
import type { FloatTensor } from "../engine/tensor.js";
import { type ImageSampling, parseSampling, PRECISIONS } from "../models/network-config.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { ENCODINGS, type ImageFormat } from "./encode.js";
import { SOURCE_TYPES } from "./marking.js";
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

export interface ImageManifest {
  readonly kind: "tessera-image-manifest";
  readonly tessera: string;
  readonly digitalSourceType: string;
  readonly model: {
    readonly name: string;
    readonly revision: string;
    readonly sha256: Readonly<Record<string, string>>;
  };
  readonly device: string;
  readonly precision: Precision;
  readonly subject:
    | { readonly prompt: string; readonly style: string }
    | { readonly classId: number }
    | { readonly featuresSha256: string };
  /** null for a picture that was made from nothing. */
  readonly edit: EditRecord | null;
  readonly sampling: ImageSampling;
  readonly decoding: Decoding;
  readonly seed: number;
  readonly index: number;
  readonly tokens: { readonly count: number; readonly sha256: string };
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly format: ImageFormat;
    /** Of the straight RGBA bytes, not of the file: encoders may change, pixels may not. */
    readonly rgbaSha256: string;
  };
}

/** The manifest of a picture that was made. */
export function manifestOf(
  model: ImageModel,
  request: ImageRequest,
  made: {
    readonly index: number;
    readonly ids: Int32Array;
    readonly picture: Picture;
    readonly edit: EditRecord | null;
  },
): ImageManifest {
  const { width, height, data } = made.picture;
  return {
    kind: "tessera-image-manifest",
    tessera: VERSION,
    digitalSourceType: SOURCE_TYPES[made.edit ? "composite" : "generated"],
    model: { name: model.name, revision: model.revision, sha256: request.route.sha256 },
    device: model.device.name,
    precision: request.route.precision,
    subject: subjectRecord(request.subject),
    edit: made.edit,
    sampling: request.sampling,
    decoding: request.decoding,
    seed: request.seed,
    index: made.index,
    tokens: { count: made.ids.length, sha256: sha256OfIds(made.ids) },
    picture: { width, height, format: request.format, rgbaSha256: sha256(data as Uint8Array) },
  };
}

/**
 * Reads a manifest file.
 *
 * @throws ArgumentError where the file cannot be read, is no JSON, or has a field that is missing or wrong.
 */
export async function readManifest(path: string): Promise<ImageManifest> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new ArgumentError("manifest", "the path of a manifest that can be read", path);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ArgumentError("manifest", "a file of JSON", path);
  }
  return parseManifest(json, path);
}

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export function parseManifest(json: unknown, where = "manifest"): ImageManifest {
  const of = fields(json, where);
  const manifest: ImageManifest = {
    kind: of.word("kind", ["tessera-image-manifest"]),
    tessera: of.text("tessera"),
    digitalSourceType: of.word("digitalSourceType", Object.values(SOURCE_TYPES)),
    model: closed(of.object("model"), (model) => ({
      name: model.text("name"),
      revision: model.text("revision"),
      sha256: digests(model.object("sha256")),
    })),
    device: of.text("device"),
    precision: of.word("precision", PRECISIONS),
    subject: closed(of.object("subject"), subjectFrom),
    edit: of.take("edit") === null ? null : closed(of.object("edit"), editFrom),
    sampling: parseSampling(of.object("sampling")),
    decoding: decodingOf(of.take("decoding")),
    seed: of.number("seed", "a whole number", isIntegerIn(0, Number.MAX_SAFE_INTEGER)),
    index: of.number("index", "a whole number", isIntegerIn(0, 2 ** 31 - 1)),
    tokens: closed(of.object("tokens"), (tokens) => ({
      count: tokens.number("count", "a whole number", isIntegerIn(1, 2 ** 24)),
      sha256: digest(tokens, "sha256"),
    })),
    picture: closed(of.object("picture"), (picture) => ({
      width: picture.number("width", "a whole number", isIntegerIn(1, 2 ** 16)),
      height: picture.number("height", "a whole number", isIntegerIn(1, 2 ** 16)),
      format: picture.word("format", Object.keys(ENCODINGS) as ImageFormat[]),
      rgbaSha256: digest(picture, "rgbaSha256"),
    })),
  };
  of.finish();
  return manifest;
}

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

/** Of the ids as little-endian 32-bit integers. */
export function sha256OfIds(ids: Int32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * ids.length));
  ids.forEach((id, i) => {
    bytes.setInt32(4 * i, id, true);
  });
  return sha256(new Uint8Array(bytes.buffer));
}

const digest = (of: Fields, name: string): string => of.value(name, "64 hexadecimal digits", isSha256);

const digests = (of: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(of.names().map((name) => [name, digest(of, name)]));

function closed<T>(of: Fields, read: (of: Fields) => T): T {
  const value = read(of);
  of.finish();
  return value;
}
