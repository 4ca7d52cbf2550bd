/** From descriptions of tensors to tensors that can be read: each is held against its storage before the file counts as open. */
import { ELEMENT_BYTES } from "./checkpoint.js";
import { quote } from "./faults.js";
import type { RangeFile } from "./range-file.js";
import type { Storage, Storages } from "./storage.js";
import type { Contents, Stored } from "./stored.js";
import { countOf, gather, isContiguous, spanOf } from "./strided.js";
import type { Layout } from "./torch-layout.js";
import type { TensorReference } from "./torch-objects.js";

/**
 * Views with strides of 0 and deflated storages can be larger than their file, and each tensor of a deflated storage unpacks it again.
 * What reading all tensors once would write that way is bounded for the file as a whole; beyond this it is an attack.
 */
const expansionOf = ({ size }: RangeFile) => 8 * size + 64 * 2 ** 20;

/** The tensors of `layout`. Throws missing-storage, out-of-bounds or bad-size, naming the tensor. */
export async function torchContents(file: RangeFile, layout: Layout, storages: Storages): Promise<Contents> {
  const opened = new Map<string, Storage>();
  const tensors: Stored[] = [];
  let expanded = 0;
  for (const [name, tensor] of layout.tensors) {
    const { key } = tensor.storage;
    const storage = opened.get(key) ?? (await storages.find(key));
    if (!storage) {
      throw file.report(
        "missing-storage",
        `tensor ${quote(name)} lies in storage ${quote(key)}, which the file does not have`,
      );
    }
    opened.set(key, storage);
    checkBounds(file, name, tensor, storage);
    expanded += expansion(tensor, storage);
    if (expanded > expansionOf(file)) {
      throw file.report(
        "bad-size",
        `with tensor ${quote(name)} the file would unpack to more than ${expansionOf(file)} bytes, and it has ${file.size}`,
        "Load it with torch and save it again, with every tensor contiguous and the archive not compressed.",
      );
    }
    tensors.push(stored(file, name, tensor, storage, storages.bigEndian));
  }
  return { tensors, metadata: layout.metadata, part: layout.part };
}

/** Bytes that a read of the tensor writes beyond copying them from the file. */
function expansion(tensor: TensorReference, storage: Storage): number {
  const unpacked = storage.offset === null ? storage.bytes : 0;
  return unpacked + (isContiguous(tensor) ? 0 : countOf(tensor) * ELEMENT_BYTES[tensor.storage.element]);
}

function checkBounds(file: RangeFile, name: string, tensor: TensorReference, storage: Storage): void {
  const width = ELEMENT_BYTES[tensor.storage.element];
  const there = Math.min(tensor.storage.count, Math.floor(storage.bytes / width));
  const end = tensor.offset + spanOf(tensor);
  if (end > there) {
    const what = `tensor ${quote(name)} [${tensor.shape}] with strides [${tensor.strides}] at ${tensor.offset}`;
    throw file.report("out-of-bounds", `${what} reaches to element ${end} of a storage that has ${there}`);
  }
}

function stored(file: RangeFile, name: string, tensor: TensorReference, storage: Storage, bigEndian: boolean): Stored {
  const { element } = tensor.storage;
  const width = ELEMENT_BYTES[element];
  const from = tensor.offset * width;
  const bytes = spanOf(tensor) * width;
  const contiguous = isContiguous(tensor);
  const inPlace = contiguous && storage.offset !== null && !(bigEndian && width > 1);
  return {
    name,
    element,
    shape: tensor.shape,
    extent: inPlace ? { path: file.path, offset: storage.offset + from, bytes } : null,
    read: async () => {
      if (bytes === 0) return new Uint8Array(0);
      const span = await storage.read(from, bytes);
      if (bigEndian) turn(span, width);
      return contiguous ? span : gather(span, width, tensor);
    },
  };
}

/** Turns numbers with the high byte first into numbers with the low byte first, in place. */
function turn(bytes: Uint8Array, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}
