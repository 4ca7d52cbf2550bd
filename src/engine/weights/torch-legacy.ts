/**
 * PyTorch's format before 1.6 (torch/serialization.py, _legacy_save): five pickles (a magic number, the protocol version, facts
 * about the machine, the object, the list of storage keys), then for each key a 64-bit count of elements and the elements.
 * They are little-endian whatever the machine was: the writer turned them, and the facts about the machine are not asked.
 */

import { CheckpointError } from "../../base/errors.js";
import { ELEMENT_BYTES } from "./checkpoint.js";
import { quote } from "./faults.js";
import { unpickle } from "./pickle.js";
import type { RangeFile } from "./range-file.js";
import type { Storage, Storages } from "./storage.js";
import { TorchHost } from "./torch-objects.js";
import { MAX_PICKLE } from "./torch-zip.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/** The pickles are read from a window at the start of the file, which grows if they do not end in it. */
const FIRST_WINDOW = 2 ** 20;

/** The object of the file and its storages. `opaque`: see TorchHost. */
export async function readTorchLegacy(file: RangeFile, opaque: readonly string[]) {
  const { value, host, keys, end } = await readPickles(file, opaque);
  const storages = await placeStorages(file, host, keys, end);
  const found: Storages = { bigEndian: false, find: async (key) => storages.get(key) ?? null };
  return { value, storages: found };
}

async function readPickles(file: RangeFile, opaque: readonly string[]) {
  const largest = Math.min(file.size, MAX_PICKLE);
  for (let window = Math.min(FIRST_WINDOW, largest); ; window = Math.min(8 * window, largest)) {
    const bytes = await file.read(0, window);
    try {
      return parsePickles(file, bytes, opaque);
    } catch (error) {
      const cut = error instanceof CheckpointError && error.fault === "truncated";
      if (!cut || window === largest) throw error;
    }
  }
}

function parsePickles(file: RangeFile, bytes: Uint8Array, opaque: readonly string[]) {
  const host = new TorchHost(file.report, opaque);
  let end = 0;
  const next = () => {
    const read = unpickle(bytes, end, host, file.report);
    end = read.end;
    return read.value;
  };
  if (next() !== MAGIC) throw file.report("unknown-format", "this is a pickle, but torch.save did not write it");
  if (next() !== PROTOCOL) throw file.report("unknown-format", "this is an unknown version of torch.save");
  next(); // facts about the machine
  const value = next();
  const keys = next();
  return { value, host, keys, end };
}

/** Walks from count to count. Every storage that the object speaks of has its full length in the file before any is read. */
async function placeStorages(file: RangeFile, host: TorchHost, keys: unknown, start: number) {
  if (!Array.isArray(keys)) throw file.report("unsupported-pickle", "the storage keys are not a list");
  const storages = new Map<string, Storage>();
  let at = start;
  for (const key of keys) {
    const spoken = host.storages.get(key as string);
    if (!spoken || storages.has(spoken.key)) {
      throw file.report(
        "missing-storage",
        `storage ${quote(key)} is listed ${spoken ? "twice" : "and belongs to no tensor"}`,
      );
    }
    const head = await file.read(at, 8);
    const count = new DataView(head.buffer).getBigInt64(0, true);
    const offset = at + 8;
    const bytes = Number(count) * ELEMENT_BYTES[spoken.element];
    if (count < 0n) throw file.report("bad-size", `storage ${quote(key)} has ${count} elements`);
    if (offset + bytes > file.size) {
      throw file.report(
        "truncated",
        `storage ${quote(key)} needs ${bytes} bytes at ${offset}, the file ends at ${file.size}`,
      );
    }
    storages.set(spoken.key, { bytes, offset, read: (from, length) => file.read(offset + from, length) });
    at = offset + bytes;
  }
  return storages;
}
