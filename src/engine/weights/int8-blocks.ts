/**
 * Shipped matrices and kernels as int8: `NAME` [out, ...] i8 beside `NAME.scales` [out, numbers / 32] f16, symmetric blocks of 32 along
 * what an output sums over, as training/ exports them. The view shows each pair as the one float32 tensor that it stands for.
 */
import { WeightsError } from "../../base/errors.js";
import type { Checkpoint, Entry } from "./checkpoint.js";
import { checkpointOf, type Stored } from "./stored.js";

const BLOCK = 32;
const SCALES = ".scales";

/**
 * The checkpoint with every int8 pair unpacked; one without pairs is as before. A view borrows: closing it closes nothing.
 *
 * @throws WeightsError listing scales whose shape does not fit their matrix.
 */
export function unpacked(checkpoint: Checkpoint): Checkpoint {
  const { entries } = checkpoint;
  const isPair = ({ name, element }: Entry) => element === "i8" && entries.has(name + SCALES);
  const pairs = [...entries.values()].filter(isPair);
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
      if (isPair(entry)) return { ...entry, element: "f32", extent: null, read: () => unpack(checkpoint, entry.name) };
      return { ...entry, extent: checkpoint.extent(entry.name), read: () => checkpoint.bytes(entry.name) };
    });
  return checkpointOf(checkpoint.label, { tensors, metadata: checkpoint.metadata }, async () => {});
}

function fits({ shape: [rows, ...summed] }: Entry, { shape: [r, blocks, ...others] }: Entry): boolean {
  const numbers = summed.reduce((product, size) => product * size, 1);
  return others.length === 0 && rows === r && numbers === BLOCK * (blocks ?? 0);
}

/** Float32 bytes of the tensor: each code times the scale of its block. */
async function unpack(checkpoint: Checkpoint, name: string): Promise<Uint8Array> {
  const stored = await checkpoint.bytes(name);
  const codes = new Int8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  const scales = await checkpoint.floats(name + SCALES);
  const weights = new Float32Array(codes.length);
  for (let block = 0, i = 0; block < scales.length; block++) {
    const scale = scales[block]!;
    for (const end = i + BLOCK; i < end; i++) weights[i] = codes[i]! * scale;
  }
  return new Uint8Array(weights.buffer);
}
