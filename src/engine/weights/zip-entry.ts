/**
 * The content of one zip entry, by ranges. Its CRC-32 is checked before anything of it is given out: a stored entry that is read
 * whole is checked as it passes; one that is read in parts is run through once, the first time. (A device that maps the file by
 * `extent` skips this check; so does torch.load.)
 */
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { quote } from "./faults.js";
import type { RangeFile } from "./range-file.js";
import type { Storage } from "./storage.js";
import { decodeName, viewOf, type ZipEntry } from "./zip-directory.js";

const LOCAL = { signature: 0x04034b50, bytes: 30 };
const METHOD_NUMBER = { stored: 0, deflated: 8 };

/** What a deflated entry may unpack to; how much all may together, torch-contents.ts says. Torch itself stores. */
const MAX_UNPACKED = 2 ** 30;

/** A piece of a checksum run. */
const PIECE = 4 * 2 ** 20;

const inflate = promisify(inflateRaw);

/** Finds the content of `entry`. Throws "damaged-archive" if its local header is not the one that the directory promises. */
export async function openZipEntry(file: RangeFile, entry: ZipEntry): Promise<Storage> {
  const damaged = (problem: string, cause?: unknown) =>
    file.report("damaged-archive", `entry ${quote(entry.name)} ${problem}`, undefined, cause);
  const header = viewOf(await file.read(entry.begin, LOCAL.bytes));
  if (header.getUint32(0, true) !== LOCAL.signature) throw damaged("has no local header");
  const nameLength = header.getUint16(26, true);
  const offset = entry.begin + LOCAL.bytes + nameLength + header.getUint16(28, true);
  if (offset + entry.packed > entry.limit) throw damaged("overlaps what follows it");
  const name = decodeName(await file.read(entry.begin + LOCAL.bytes, nameLength));
  if (name !== entry.name || header.getUint16(8, true) !== METHOD_NUMBER[entry.method]) {
    throw damaged("is another one in its local header");
  }
  const check = (crc: number) => {
    if (crc !== entry.crc) throw file.report("checksum", `the CRC-32 of entry ${quote(entry.name)} does not match`);
  };

  if (entry.method === "deflated") {
    if (entry.size > MAX_UNPACKED) throw damaged(`would unpack to ${entry.size} bytes`);
    const unpack = async () => {
      const packed = await file.read(offset, entry.packed);
      const content = await inflate(packed, { maxOutputLength: Math.max(1, entry.size) }).catch((error) => {
        throw damaged("cannot be unpacked", error);
      });
      if (content.length !== entry.size) throw damaged("does not unpack to its size");
      check(crc32(content));
      return content;
    };
    return {
      bytes: entry.size,
      offset: null,
      read: async (from, length) => new Uint8Array((await unpack()).subarray(from, from + length)),
    };
  }

  const run = async () => {
    let crc = 0;
    for (let at = 0; at < entry.size; at += PIECE) {
      crc = crc32(await file.read(offset + at, Math.min(PIECE, entry.size - at)), crc);
    }
    check(crc);
  };
  let checked: Promise<void> | undefined;
  return {
    bytes: entry.size,
    offset,
    read: async (from, length) => {
      if (length < entry.size) {
        await (checked ??= run());
        return file.read(offset + from, length);
      }
      const whole = await file.read(offset, entry.size);
      check(crc32(whole));
      return whole;
    },
  };
}
