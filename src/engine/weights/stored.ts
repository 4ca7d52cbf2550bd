/** What every file format comes down to: named tensors that know how to fetch their own bytes; and the Checkpoint over them. */
import { ArgumentError, ClosedError, UnknownNameError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { sizeOf, type Tensor } from "../tensor.js";
import { type Checkpoint, ELEMENT_BYTES, type Element, type Entry, type Extent } from "./checkpoint.js";
import { toFloats } from "./floats.js";

/** A tensor of an open file: its entry, where it lies, and how to read it into memory of its own. */
export interface Stored extends Entry {
  readonly extent: Extent | null;
  read(): Promise<Uint8Array>;
}

/** What a format reader hands over. */
export interface Contents {
  readonly tensors: readonly Stored[];
  /** The part of the file that was taken where there were several, for messages. */
  readonly part?: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A Checkpoint over `contents`. Names must be distinct; `close` runs once. */
export function checkpointOf(label: string, contents: Contents, close: () => Promise<void>): Checkpoint {
  const tensors = new Map(contents.tensors.map((stored) => [stored.name, stored]));
  let open = true;
  const find = (name: string): Stored => {
    if (!open) throw new ClosedError("checkpoint");
    const found = tensors.get(name);
    if (!found) throw new UnknownNameError(`tensor in ${label}`, name, [...tensors.keys()].slice(0, 20));
    return found;
  };
  const shut = async () => {
    if (!open) return;
    open = false;
    await close();
  };
  return {
    label,
    entries: tensors,
    metadata: contents.metadata,
    bytes: async (name) => find(name).read(),
    floats: async (name) => {
      const stored = find(name);
      return toFloats(stored.element, await stored.read());
    },
    extent: (name) => find(name).extent,
    close: shut,
    [Symbol.asyncDispose]: shut,
  };
}

/** A tensor in memory, in any element type: row-major, little-endian. */
export interface RawTensor {
  readonly element: Element;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Names and tensors in order: a Map, or Object.entries of a record. */
export type NamedTensors = Iterable<readonly [name: string, tensor: Tensor | RawTensor]>;

/** The one form of both kinds of tensor; refuses bytes that do not cover the shape. */
export function rawTensor(name: string, tensor: Tensor | RawTensor): RawTensor {
  const raw =
    "bytes" in tensor
      ? tensor
      : {
          element: tensor.data instanceof Float32Array ? ("f32" as const) : ("i32" as const),
          shape: tensor.shape,
          bytes: new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
        };
  const needed = sizeOf(raw.shape) * ELEMENT_BYTES[raw.element];
  if (raw.bytes.byteLength !== needed) {
    throw new ArgumentError(
      `tensor "${name}"`,
      `${needed} bytes for ${raw.element} [${raw.shape}]`,
      described(`${raw.bytes.byteLength} bytes`),
    );
  }
  return raw;
}

/**
 * A checkpoint out of tensors in memory, for tests and computed tables. Readers get copies, so the tensors given stay as they are.
 * `label` is what messages call it. Throws ArgumentError where bytes do not cover a shape or a name comes twice.
 */
export function memoryCheckpoint(label: string, tensors: NamedTensors): Checkpoint {
  const stored = new Map<string, Stored>();
  for (const [name, given] of tensors) {
    if (stored.has(name)) throw new ArgumentError("tensors", "distinct names", name);
    const { element, shape, bytes } = rawTensor(name, given);
    stored.set(name, { name, element, shape, extent: null, read: async () => bytes.slice() });
  }
  return checkpointOf(label, { tensors: [...stored.values()], metadata: {} }, async () => {});
}
