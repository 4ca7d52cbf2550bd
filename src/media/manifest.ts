/** The record of one item: everything it was made from, so that it can be made again and compared. */
import { check } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import { fields } from "../base/fields.js";
import { readBoundedJson } from "../base/read-file.js";
import { closed, digest, readRows, record, type Rows, text, whole, word } from "../base/rows.js";
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
 * The manifest of a medium: its kind, and how the fields of its own are read. `Asked` is what the item was made from, such as
 * its subject; `Made` is what came of it, such as the digest of its pixels.
 */
export interface ManifestFormat<
  Kind extends string,
  N extends SamplingName,
  Asked extends object,
  Made extends object,
> {
  readonly kind: Kind;
  readonly sampling: readonly N[];
  readonly asked: Rows<Asked>;
  readonly made: Rows<Made>;
}

/** The manifests of a medium. */
export interface Manifests<N extends SamplingName, Asked, Made, M> {
  /** The manifest of an item that was made. */
  of(model: LoadedModel, making: Making<N>, asked: Asked, made: Made): M;
  /** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is missing, wrong or unknown. */
  parse(json: unknown, where?: string): M;
  /** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
  read(path: string): Promise<M>;
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

/** How manifests of that format are made, parsed and read. */
export function manifests<Kind extends string, N extends SamplingName, Asked extends object, Made extends object>(
  format: ManifestFormat<Kind, N, Asked, Made>,
): Manifests<N, Asked, Made, ManifestBase<Kind, N> & Asked & Made> {
  const rows = rowsOf(format);
  const parse = (json: unknown, where = "manifest") => {
    const of = fields(json, where);
    const manifest = readRows(of, rows);
    of.finish();
    return manifest;
  };
  return {
    of: ({ name, revision, device }, { source, files, sampling, decoding, seed, index, ids }, asked, made) => ({
      kind: format.kind,
      tessera: VERSION,
      digitalSourceType: SOURCE_TYPES[source],
      model: { name, revision, sha256: files.sha256 },
      device: device.name,
      precision: files.precision,
      ...asked,
      ...{ sampling, decoding, seed, index },
      tokens: { count: ids.length, sha256: sha256OfIds(ids) },
      ...made,
    }),
    parse,
    read: async (path) => parse(await readManifestFile(path), path),
  };
}

/** How all fields of a manifest are read, in the order in which they stand. */
function rowsOf<Kind extends string, N extends SamplingName, Asked extends object, Made extends object>({
  kind,
  sampling,
  asked,
  made,
}: ManifestFormat<Kind, N, Asked, Made>): Rows<ManifestBase<Kind, N> & Asked & Made> {
  const rows: Rows<ManifestBase<Kind, N>> & Rows<Asked> & Rows<Made> = {
    kind: word([kind]),
    tessera: text(),
    digitalSourceType: word(Object.values(SOURCE_TYPES)),
    model: record({ name: text(), revision: text(), sha256: digests }),
    device: text(),
    precision: word(PRECISIONS),
    ...asked,
    sampling: (of, name) => parseSampling(of.object(name), sampling),
    decoding: (of, name) => decodingOf(of.take(name)),
    seed: whole(0, Number.MAX_SAFE_INTEGER),
    index: whole(0, 2 ** 31 - 1),
    tokens: record({ count: whole(0, 2 ** 24), sha256: digest }),
    ...made,
  };
  return rows as object as Rows<ManifestBase<Kind, N> & Asked & Made>;
}

const digests = closed((of) => Object.fromEntries(of.names().map((name) => [name, digest(of, name)])));

/** A manifest beyond this is not one. */
const MOST_BYTES = 2 ** 20;

async function readManifestFile(path: string): Promise<unknown> {
  check("path", "the path of a manifest", path, (p) => typeof p === "string");
  return readBoundedJson(path, MOST_BYTES, "Name the .json file beside a generated file.");
}

/** Of the ids as little-endian 32-bit integers. */
export function sha256OfIds(ids: Int32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * ids.length));
  ids.forEach((id, i) => {
    bytes.setInt32(4 * i, id, true);
  });
  return sha256(new Uint8Array(bytes.buffer));
}
