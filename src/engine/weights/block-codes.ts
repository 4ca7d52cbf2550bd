/**
 * Shipped matrices and kernels as integers in blocks: `NAME` beside `NAME.scales` [out, numbers / 32] f16, symmetric blocks of 32 along what
 * an output sums over, as training/ exports them. `NAME` is [out, ...] i8, or of six bits [out, in * 3 / 4] u8. The view shows each pair
 * as the one float32 tensor that it stands for.
 */
import { WeightsError } from "../../base/errors.js";
import type { Checkpoint, Element, Entry } from "./checkpoint.js";
import { checkpointOf, type Stored } from "./stored.js";

const BLOCK = 32;
const SCALES = ".scales";

/** What an element type holds: the shape of its tensor as floats, and its codes out of the bytes. */
interface Packing {
  shape(stored: readonly number[]): readonly number[];
  codes(bytes: Uint8Array): Int8Array;
}

const PACKINGS: Partial<Record<Element, Packing>> = {
  i8: {
    shape: (stored) => stored,
    codes: (bytes) => new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  },
  u8: {
    shape: ([rows, bytes, ...rest]) => [rows!, (bytes! * 4) / 3, ...rest],
    codes: sixBits,
  },
};

/** Four codes in three bytes, the first one lowest, each 32 more than it is. */
function sixBits(bytes: Uint8Array): Int8Array {
  const codes = new Int8Array((bytes.length / 3) * 4);
  for (let i = 0, at = 0; i < codes.length; i += 4, at += 3) {
    const four = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    for (let k = 0; k < 4; k++) codes[i + k] = ((four >> (6 * k)) & 63) - 32;
  }
  return codes;
}

/**
 * The checkpoint with every pair unpacked; one without pairs is as before. A view borrows: closing it closes nothing.
 *
 * @throws WeightsError listing scales whose shape does not fit their matrix.
 */
export function unpacked(checkpoint: Checkpoint): Checkpoint {
  const { entries } = checkpoint;
  const isPair = ({ name, element }: Entry) => PACKINGS[element] !== undefined && entries.has(name + SCALES);
  const pairs = [...entries.values()].filter(isPair).map(floating);
  const scales = new Set(pairs.map(({ name }) => name + SCALES));
  const faults = pairs.filter((pair) => !fits(pair, entries.get(pair.name + SCALES)!));
  if (faults.length > 0) {
    throw new WeightsError(
      checkpoint.label,
      faults.map(({ name, shape }) => `misshapen  ${name + SCALES}: needs one number for ${BLOCK} of [${shape}]`),
    );
  }
  const tensors = [...entries.values()]
    .filter(({ name }) => !scales.has(name))
    .map((entry): Stored => {
      if (isPair(entry)) return { ...floating(entry), extent: null, read: () => unpack(checkpoint, entry) };
      return { ...entry, extent: checkpoint.extent(entry.name), read: () => checkpoint.bytes(entry.name) };
    });
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}

/** The entry of the tensor that a pair stands for. */
const floating = ({ name, element, shape }: Entry): Entry => ({
  name,
  element: "f32",
  shape: PACKINGS[element]!.shape(shape),
});

function fits({ shape: [rows, ...summed] }: Entry, { shape: [r, blocks, ...others] }: Entry): boolean {
  const numbers = summed.reduce((product, size) => product * size, 1);
  return others.length === 0 && rows === r && numbers === BLOCK * (blocks ?? 0);
}

/** Float32 bytes of the tensor: each code times the scale of its block. */
async function unpack(checkpoint: Checkpoint, { name, element }: Entry): Promise<Uint8Array> {
  const codes = PACKINGS[element]!.codes(await checkpoint.bytes(name));
  const scales = await checkpoint.floats(name + SCALES);
  const weights = new Float32Array(codes.length);
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block]!;
    for (const end = i + BLOCK; i < end; i++) weights[i] = codes[i]! * scale;
  }
  return new Uint8Array(weights.buffer);
}
