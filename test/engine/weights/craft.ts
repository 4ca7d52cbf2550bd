/** Weights files made by hand, byte by byte, so that tests can make them wrong in one place. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, crc32, deflateRawSync } from "node:zlib";
import { afterAll } from "vitest";

/** Little-endian bytes of an unsigned number. */
export function le(value: number | bigint, width: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return out.subarray(0, width);
}

export const bytes = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

export const floats = (...values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

/** A folder of this test file; `write` puts a file there and returns its path. */
export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "tessera-weights-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  const write = (content: Uint8Array, name = `${count++}.bin`): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  return { folder, write };
}

export const safetensors = (header: unknown, data: Uint8Array = Buffer.alloc(0)): Buffer => {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  return bytes(le(json.length, 8), json, data);
};

// Pickles. A piece is the bytes that leave one value on the stack.

const text = (value: string): Buffer => {
  const utf8 = Buffer.from(value);
  return bytes("X", le(utf8.length, 4), utf8);
};

export type Piece = Buffer | string | number | boolean | null | readonly Piece[] | { readonly [key: string]: Piece };

export function piece(value: Piece): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    if (!Number.isInteger(value)) {
      const eight = Buffer.alloc(8);
      eight.writeDoubleBE(value);
      return bytes("G", eight);
    }
    return Math.abs(value) < 2 ** 31 ? bytes("J", le(value, 4)) : bytes("\x8a\x08", le(value, 8));
  }
  if (typeof value === "boolean") return bytes(value ? "\x88" : "\x89");
  if (value === null) return bytes("N");
  if (Array.isArray(value)) return bytes("](", ...value.map(piece), "e");
  const pairs = Object.entries(value as Record<string, Piece>);
  return bytes("}(", ...pairs.flatMap(([key, item]) => [text(key), piece(item)]), "u");
}

export const tuple = (...items: readonly Piece[]): Buffer => bytes("(", ...items.map(piece), "t");
export const global = (module: string, name: string): Buffer => bytes(`c${module}\n${name}\n`);
export const call = (callable: Buffer, ...args: readonly Piece[]): Buffer => bytes(callable, tuple(...args), "R");
export const pickle = (value: Piece): Buffer => bytes("\x80\x02", piece(value), ".");

export interface TensorSpec {
  readonly key?: string;
  readonly storage?: string;
  readonly count?: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly metadata?: Piece;
}

export const tensor = (spec: TensorSpec): Buffer => {
  const { key = "0", storage = "FloatStorage", count = 7, offset = 0, shape, strides, metadata = null } = spec;
  const id = bytes(tuple("storage", global("torch", storage), key, "cpu", count), "Q");
  const rebuild = global("torch._utils", "_rebuild_tensor_v2");
  return call(rebuild, id, offset, tuple(...shape), tuple(...strides), false, {}, metadata);
};

// Zip archives.

/** As many mebibytes of zeros, deflated: a megabyte is packed once and repeated. */
export function deflatedZeros(mebibytes: number): Buffer {
  const one = deflateRawSync(Buffer.alloc(2 ** 20), { finishFlush: constants.Z_FULL_FLUSH });
  return bytes(Buffer.alloc(one.length * mebibytes, one), "\x03\x00"); // and an empty last block
}

export interface ZipSpec {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** The content as it is deflated already; `content` is then not looked at, and `lies` say what it would be. */
  readonly deflated?: Uint8Array;
  /** What the directory says, where that is not the truth. */
  readonly lies?: { size?: number; packed?: number; crc?: number; begin?: number; method?: number; flags?: number };
  /** The name in the local header, where it is another. */
  readonly localName?: string;
  /** Sizes and place are told in a zip64 extra field. */
  readonly wide?: boolean;
}

export function zip(entries: readonly ZipSpec[], { wide = false, wideCount = entries.length } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { name, content, deflate = false, deflated, lies = {}, localName = name, wide: wideEntry = false } = entry;
    const packed = deflated ? Buffer.from(deflated) : deflate ? deflateRawSync(content) : Buffer.from(content);
    const method = deflate || deflated ? 8 : 0;
    const crc = crc32(content);
    const place = { size: content.length, packed: packed.length, crc, begin: at, method, flags: 0, ...lies };
    const local = Buffer.from(localName);
    parts.push(
      bytes("PK\x03\x04", le(20, 2), le(0, 2), le(method, 2), le(0, 4), le(crc, 4), le(packed.length, 4)),
      bytes(le(content.length, 4), le(local.length, 2), le(0, 2), local, packed),
    );
    at += 30 + local.length + packed.length;
    const utf8 = Buffer.from(name);
    const full = (value: number) => le(wideEntry ? 0xffffffff : value, 4);
    const extra = wideEntry
      ? bytes(le(1, 2), le(24, 2), le(place.size, 8), le(place.packed, 8), le(place.begin, 8))
      : "";
    directory.push(
      bytes("PK\x01\x02", le(20, 2), le(20, 2), le(place.flags, 2), le(place.method, 2), le(0, 4), le(place.crc, 4)),
      bytes(full(place.packed), full(place.size), le(utf8.length, 2), le(extra.length, 2), le(0, 2), le(0, 8)),
      bytes(full(place.begin), utf8, extra),
    );
  }
  const listing = Buffer.concat(directory);
  const sizes = (width: number) => [le(listing.length, width), le(at, width)];
  if (wide) {
    const record = bytes(
      "PK\x06\x06",
      le(44, 8),
      le(45, 2),
      le(45, 2),
      le(0, 8),
      le(wideCount, 8),
      le(wideCount, 8),
      ...sizes(8),
    );
    const locator = bytes("PK\x06\x07", le(0, 4), le(at + listing.length, 8), le(1, 4));
    const end = bytes(
      "PK\x05\x06",
      le(0, 4),
      le(0xffff, 2),
      le(0xffff, 2),
      le(0xffffffff, 4),
      le(0xffffffff, 4),
      le(0, 2),
    );
    return Buffer.concat([...parts, listing, record, locator, end]);
  }
  const end = bytes("PK\x05\x06", le(0, 4), le(entries.length, 2), le(entries.length, 2), ...sizes(4), le(0, 2));
  return Buffer.concat([...parts, listing, end]);
}

/** The bytes of seven floats, which `tensor` takes storage "0" to be. */
export const SEVEN = floats(2, 3, 5, 7, 11, 13, 17);

/** A file of torch.save in zip format: `object` and storage "0" of seven floats, and whatever else. */
export const torchZip = (object: Piece, ...others: readonly ZipSpec[]): Buffer => zip(torchEntries(object, ...others));

export const torchEntries = (object: Piece, ...others: readonly ZipSpec[]): readonly ZipSpec[] => [
  { name: "archive/data.pkl", content: pickle(object) },
  { name: "archive/data/0", content: SEVEN },
  ...others,
];

/** A file of torch.save in the legacy format: storages by key, each with the count of elements that it claims. */
export function torchLegacy(
  object: Piece,
  storages: readonly (readonly [key: string, count: number | bigint, data: Uint8Array])[],
) {
  const magic = bytes("\x80\x02\x8a\x0a", Buffer.from("6cfc9c46f9206aa85019", "hex"), ".");
  const keys = pickle(storages.map(([key]) => key));
  const raw = storages.map(([, count, data]) => bytes(le(count, 8), data));
  return bytes(magic, pickle(1001), pickle({ little_endian: true }), pickle(object), keys, ...raw);
}
