/**
 * The central directory of a zip archive (PKWARE APPNOTE 4.3–4.5), with zip64: it alone says what is in the archive.
 *
 * Read strictly, because two readers that see two archives in one file are how hostile ones hide: one disk, no gaps in the trust
 * chain, no name twice, no entries that overlap, and 32-bit fields that agree with their 64-bit twins.
 */
import { quote } from "./faults.js";
import type { RangeFile } from "./range-file.js";

export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  readonly crc: number;
  /** Bytes in the file. */
  readonly packed: number;
  /** Bytes of content. */
  readonly size: number;
  /** Where the local header begins, and where the next thing in the file begins. */
  readonly begin: number;
  readonly limit: number;
}

const END = { signature: 0x06054b50, bytes: 22, maxComment: 0xffff };
const LOCATOR_64 = { signature: 0x07064b50, bytes: 20 };
const END_64 = { signature: 0x06064b50, bytes: 56 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL_BYTES = 30;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;

const ENCRYPTED = 0x0001;
const METHODS: Readonly<Record<number, ZipEntry["method"]>> = { 0: "stored", 8: "deflated" };

/** Twice the tensors of the largest models in one file; more is an attack on memory. */
const MAX_ENTRIES = 2 ** 18;
const MAX_DIRECTORY = 64 * 2 ** 20;

/** Deflate cannot shrink more than this (zlib, "maximum compression factor"): a size beyond it is a lie. */
const MAX_RATIO = 1032;

/** All entries by name. Throws CheckpointError "damaged-archive". */
export async function readZipDirectory(file: RangeFile): Promise<ReadonlyMap<string, ZipEntry>> {
  const damaged = (problem: string) => file.report("damaged-archive", problem);
  const { count, bytes, begin } = await findDirectory(file);
  if (bytes > MAX_DIRECTORY || count > MAX_ENTRIES || count * CENTRAL.bytes > bytes) {
    throw damaged(`a directory of ${bytes} bytes cannot list ${count} entries`);
  }
  const directory = await file.read(begin, bytes);
  const data = viewOf(directory);
  const entries: Omit<ZipEntry, "limit">[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL.bytes > bytes || data.getUint32(at, true) !== CENTRAL.signature) {
      throw damaged(`the directory ends after ${i} of ${count} entries`);
    }
    const nameLength = data.getUint16(at + 28, true);
    const extraLength = data.getUint16(at + 30, true);
    const end = at + CENTRAL.bytes + nameLength + extraLength + data.getUint16(at + 32, true);
    if (end > bytes) throw damaged("the directory ends inside an entry");
    const nameEnd = at + CENTRAL.bytes + nameLength;
    const name = decodeName(directory.subarray(at + CENTRAL.bytes, nameEnd));
    const wide = wideFields(data, at, nameEnd, nameEnd + extraLength);
    if (!wide) throw damaged(`entry ${quote(name)} announces 64-bit sizes but has none`);
    const method = METHODS[data.getUint16(at + 10, true)];
    if (!method || data.getUint16(at + 8, true) & ENCRYPTED) {
      throw damaged(`entry ${quote(name)} is encrypted, or packed in a way that PyTorch never uses`);
    }
    entries.push({ name, method, crc: data.getUint32(at + 16, true), ...wide });
    at = end;
  }
  if (at !== bytes) throw damaged("the directory goes on after its last entry");
  return checked(file, entries, begin);
}

/** Sorted by place, each entry must end before the next begins; that also gives each its limit. */
function checked(file: RangeFile, entries: readonly Omit<ZipEntry, "limit">[], directoryBegin: number) {
  const damaged = (problem: string) => file.report("damaged-archive", problem);
  const byName = new Map<string, ZipEntry>();
  const byPlace = [...entries].sort((a, b) => a.begin - b.begin);
  byPlace.forEach((entry, i) => {
    const limit = byPlace[i + 1]?.begin ?? directoryBegin;
    const named = quote(entry.name);
    if (entry.begin + LOCAL_BYTES + entry.packed > limit) throw damaged(`entry ${named} overlaps what follows it`);
    if (byName.has(entry.name)) throw damaged(`the name ${named} comes twice`);
    if (entry.method === "stored" && entry.size !== entry.packed) throw damaged(`entry ${named} has two sizes`);
    if (entry.size > MAX_RATIO * entry.packed) throw damaged(`entry ${named} cannot unpack to ${entry.size} bytes`);
    byName.set(entry.name, { ...entry, limit });
  });
  return byName;
}

interface Place {
  readonly count: number;
  readonly bytes: number;
  readonly begin: number;
}

/** The end record is the last thing in the file, but for a comment of stated length. */
async function findDirectory(file: RangeFile): Promise<Place> {
  const damaged = (problem: string) => file.report("damaged-archive", problem);
  const tailBegin = Math.max(0, file.size - END.bytes - END.maxComment);
  const tail = viewOf(await file.read(tailBegin, file.size - tailBegin));
  for (let at = tail.byteLength - END.bytes; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END.signature) continue;
    if (at + END.bytes + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const end = tailBegin + at;
    if (tail.getUint32(at + 4, true) !== 0 && tail.getUint32(at + 4, true) !== FULL_32) {
      throw damaged("the archive is one part of several");
    }
    const narrow = {
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      begin: tail.getUint32(at + 16, true),
    };
    const { place, end: directoryEnd } = await widen(file, narrow, end);
    if (place.begin + place.bytes !== directoryEnd) throw damaged("the directory is not where its end record says");
    return place;
  }
  throw damaged("the archive is cut short: it has no directory at its end");
}

/** Takes the zip64 end record into account, where there is one. */
async function widen(file: RangeFile, narrow: Place, end: number): Promise<{ place: Place; end: number }> {
  const damaged = (problem: string) => file.report("damaged-archive", problem);
  const full = narrow.count === FULL_16 || narrow.bytes === FULL_32 || narrow.begin === FULL_32;
  const locator = end >= LOCATOR_64.bytes ? viewOf(await file.read(end - LOCATOR_64.bytes, LOCATOR_64.bytes)) : null;
  if (locator?.getUint32(0, true) !== LOCATOR_64.signature) {
    if (full) throw damaged("64-bit sizes are announced but missing");
    return { place: narrow, end };
  }
  const recordAt = Number(locator.getBigUint64(8, true));
  if (recordAt + END_64.bytes > end - LOCATOR_64.bytes) throw damaged("the 64-bit end record lies outside the file");
  const record = viewOf(await file.read(recordAt, END_64.bytes));
  const recordEnd = recordAt + 12 + Number(record.getBigUint64(4, true));
  if (record.getUint32(0, true) !== END_64.signature || recordEnd !== end - LOCATOR_64.bytes) {
    throw damaged("the 64-bit end record is not where the locator says");
  }
  const wide = {
    count: Number(record.getBigUint64(32, true)),
    bytes: Number(record.getBigUint64(40, true)),
    begin: Number(record.getBigUint64(48, true)),
  };
  const agrees = (a: number, b: number, saturated: number) => a === b || a === saturated;
  if (
    !agrees(narrow.count, wide.count, FULL_16) ||
    !agrees(narrow.bytes, wide.bytes, FULL_32) ||
    !agrees(narrow.begin, wide.begin, FULL_32)
  ) {
    throw damaged("the 32-bit and the 64-bit end record tell of two different directories");
  }
  return { place: wide, end: recordAt };
}

/** Sizes and place of the entry at `at`; saturated ones are taken, in order, from the zip64 extra field (APPNOTE 4.5.3). */
function wideFields(data: DataView, at: number, extraBegin: number, extraEnd: number) {
  let size = data.getUint32(at + 24, true);
  let packed = data.getUint32(at + 20, true);
  let begin = data.getUint32(at + 42, true);
  if (size !== FULL_32 && packed !== FULL_32 && begin !== FULL_32) return { size, packed, begin };
  for (let field = extraBegin; field + 4 <= extraEnd; ) {
    let next = field + 4;
    const fieldEnd = next + data.getUint16(field + 2, true);
    if (fieldEnd > extraEnd) return null;
    if (data.getUint16(field, true) === 0x0001) {
      const wide = (narrow: number) => {
        if (narrow !== FULL_32) return narrow;
        next += 8;
        return next <= fieldEnd ? Number(data.getBigUint64(next - 8, true)) : Number.NaN;
      };
      size = wide(size);
      packed = wide(packed);
      begin = wide(begin);
      return [size, packed, begin].every(Number.isSafeInteger) ? { size, packed, begin } : null;
    }
    field = fieldEnd;
  }
  return null;
}

/** Torch marks its names as UTF-8. Names that are not still get a reading; two that read alike are refused as a repetition. */
export const decodeName = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
