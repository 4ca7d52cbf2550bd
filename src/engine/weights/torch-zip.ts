/**
 * PyTorch's zip format (since 1.6): `<top>/data.pkl` describes the tensors, `<top>/data/<key>` are their storages, and
 * `<top>/byteorder` says how these were written. The top folder has any name; the entry that ends in /data.pkl tells it.
 */

import { unpickle } from "./pickle.js";
import type { RangeFile } from "./range-file.js";
import type { Storages } from "./storage.js";
import { TorchHost } from "./torch-objects.js";
import { readZipDirectory, type ZipEntry } from "./zip-directory.js";
import { openZipEntry } from "./zip-entry.js";

/** The largest pickle that is read; one of a thousand tensors has a tenth of a megabyte. */
export const MAX_PICKLE = 64 * 2 ** 20;

const PICKLE = "/data.pkl";

/** The object of the file and its storages. `opaque`: see TorchHost. */
export async function readTorchZip(file: RangeFile, opaque: readonly string[]) {
  const directory = await readZipDirectory(file);
  const [pickle, second] = [...directory.values()].filter(({ name }) => name.endsWith(PICKLE));
  if (!pickle)
    throw file.report("unknown-format", "this is a zip archive, but torch.save did not write it: it has no data.pkl");
  if (second) throw file.report("damaged-archive", "the archive has more than one data.pkl");
  if (pickle.size > MAX_PICKLE) throw file.report("bad-size", `a data.pkl of ${pickle.size} bytes is larger than any`);
  const top = pickle.name.slice(0, -PICKLE.length);
  const bigEndian = await readByteOrder(file, directory.get(`${top}/byteorder`));
  const bytes = await readWhole(file, pickle);
  const { value } = unpickle(bytes, 0, new TorchHost(file.report, opaque), file.report);
  const storages: Storages = {
    bigEndian,
    find: async (key) => {
      const entry = directory.get(`${top}/data/${key}`);
      return entry ? openZipEntry(file, entry) : null;
    },
  };
  return { value, storages };
}

/** Files without the entry are older than it, and all from little-endian machines as far as anyone knows. */
async function readByteOrder(file: RangeFile, entry: ZipEntry | undefined): Promise<boolean> {
  if (!entry) return false;
  const order = entry.size <= 6 ? new TextDecoder().decode(await readWhole(file, entry)) : "";
  if (order !== "little" && order !== "big") throw file.report("bad-header", "the byteorder is neither little nor big");
  return order === "big";
}

async function readWhole(file: RangeFile, entry: ZipEntry): Promise<Uint8Array> {
  const content = await openZipEntry(file, entry);
  return content.read(0, content.bytes);
}
