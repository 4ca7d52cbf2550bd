/** The record of one item: everything it was made from, so that it can be made again and compared. */
import { check, isIntegerIn } from "../base/check.js";
import { isSha256, sha256 } from "../base/digest.js";
import { InputError } from "../base/errors.js";
import { type Fields, fields } from "../base/fields.js";
import { readBoundedText } from "../base/read-file.js";
import { VERSION } from "../base/version.js";
import { type Decoding, decodingOf } from "../core/orders.js";
import { parseSampling, type SamplingName, type SamplingNumbers } from "../core/sampling/ranges.js";
import { PRECISIONS, type Precision } from "../engine/engine.js";
import type { LoadedModel } from "./load.js";
import { SOURCE_TYPES, type SourceType } from "./marking.js";

/** What the manifests of all media hold. `N` are the names of the sampling numbers that the medium has. */
export interface ManifestBase<Kind extends string = string, N extends SamplingName = never> {
  readonly kind: Kind;
  readonly tessera: string;
  readonly digitalSourceType: string;
  readonly model: {
    readonly name: string;
    readonly revision: string;
    readonly sha256: Readonly<Record<string, string>>;
  };
  readonly device: string;
  readonly precision: Precision;
  readonly sampling: SamplingNumbers<N>;
  readonly decoding: Decoding;
  readonly seed: number;
  readonly index: number;
  readonly tokens: { readonly count: number; readonly sha256: string };
}

/**
 * The manifest of a medium: its kind, and how its own fields are read. `Asked` is what the item was made from, such as its
 * subject; `Made` is what came of it, such as the digest of its pixels.
 */
export interface ManifestFormat<
  Kind extends string,
  N extends SamplingName,
  Asked extends object,
  Made extends object,
> {
  readonly kind: Kind;
  readonly sampling: readonly N[];
  asked(of: Fields): Asked;
  made(of: Fields): Made;
}

/** How an item came to be, besides what the medium asks for. */
export interface Making<N extends SamplingName> {
  readonly source: SourceType;
  /** Digests of the files that it came from, and how their weights were held. */
  readonly files: { readonly sha256: Readonly<Record<string, string>>; readonly precision: Precision };
  readonly sampling: SamplingNumbers<N>;
  readonly decoding: Decoding;
  readonly seed: number;
  readonly index: number;
  readonly ids: Int32Array;
}

/** The manifest of an item that was made. */
export function manifestOf<Kind extends string, N extends SamplingName, Asked extends object, Made extends object>(
  { kind }: ManifestFormat<Kind, N, Asked, Made>,
  { name, revision, device }: LoadedModel,
  { source, files, sampling, decoding, seed, index, ids }: Making<N>,
  asked: Asked,
  made: Made,
): ManifestBase<Kind, N> & Asked & Made {
  return {
    kind,
    tessera: VERSION,
    digitalSourceType: SOURCE_TYPES[source],
    model: { name, revision, sha256: files.sha256 },
    device: device.name,
    precision: files.precision,
    ...asked,
    ...{ sampling, decoding, seed, index },
    tokens: { count: ids.length, sha256: sha256OfIds(ids) },
    ...made,
  };
}

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is missing, wrong or unknown. */
export function parseManifestOf<Kind extends string, N extends SamplingName, Asked extends object, Made extends object>(
  format: ManifestFormat<Kind, N, Asked, Made>,
  json: unknown,
  where: string,
): ManifestBase<Kind, N> & Asked & Made {
  const of = fields(json, where);
  const manifest = {
    kind: of.word("kind", [format.kind]),
    tessera: of.text("tessera"),
    digitalSourceType: of.word("digitalSourceType", Object.values(SOURCE_TYPES)),
    model: closed(of.object("model"), (model) => ({
      name: model.text("name"),
      revision: model.text("revision"),
      sha256: closed(model.object("sha256"), digests),
    })),
    device: of.text("device"),
    precision: of.word("precision", PRECISIONS),
    ...format.asked(of),
    sampling: parseSampling(of.object("sampling"), format.sampling),
    decoding: decodingOf(of.take("decoding")),
    seed: of.number("seed", "a whole number", isIntegerIn(0, Number.MAX_SAFE_INTEGER)),
    index: of.number("index", "a whole number", isIntegerIn(0, 2 ** 31 - 1)),
    tokens: closed(of.object("tokens"), (tokens) => ({
      count: tokens.number("count", "a whole number", isIntegerIn(0, 2 ** 24)),
      sha256: digest(tokens, "sha256"),
    })),
    ...format.made(of),
  };
  of.finish();
  return manifest;
}

/** A manifest beyond this is not one. */
const MOST_BYTES = 2 ** 20;

/** The JSON of a manifest file. Throws InputError where it cannot be read or is no JSON. */
export async function readManifestFile(path: string): Promise<unknown> {
  check("path", "the path of a manifest", path, (p) => typeof p === "string");
  const text = await readBoundedText(path, MOST_BYTES);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(path, "it is not JSON", "Name the .json file beside a generated file.", { cause });
  }
}

/** Of the ids as little-endian 32-bit integers. */
export function sha256OfIds(ids: Int32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * ids.length));
  ids.forEach((id, i) => {
    bytes.setInt32(4 * i, id, true);
  });
  return sha256(new Uint8Array(bytes.buffer));
}

/** Reads a field that is a SHA-256. */
export const digest = (of: Fields, name: string): string => of.value(name, "64 hexadecimal digits", isSha256);

const digests = (of: Fields): Readonly<Record<string, string>> =>
  Object.fromEntries(of.names().map((name) => [name, digest(of, name)]));

/** Reads an object that has no other fields than those that `read` asks for. */
export function closed<T>(of: Fields, read: (of: Fields) => T): T {
  const value = read(of);
  of.finish();
  return value;
}
