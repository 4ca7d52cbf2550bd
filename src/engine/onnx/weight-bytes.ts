/** The bytes of initializers, made out of a checkpoint weight by weight. */
import { toHalves } from "../half.js";
import { type Bits, type Quantised, quantise } from "../quantise.js";
import { type QuantisedRows, quantiseRows } from "../quantise-rows.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { WeightForm, WeightUse } from "./lower.js";

/**
 * Yields each use with its little-endian bytes, in the order given. One weight is held at a time: uses of the same weight
 * that follow each other (codes and scales) share its reading and its quantisation.
 */
export async function* weightBytes(
  uses: Iterable<WeightUse>,
  checkpoint: Checkpoint,
): AsyncGenerator<readonly [use: WeightUse, bytes: Uint8Array]> {
  let weight: Weight | undefined;
  for (const use of uses) {
    if (weight?.name !== use.weight) weight = new Weight(use.weight, use.shape, await checkpoint.floats(use.weight));
    yield [use, FORMS[use.form](weight)];
  }
}

class Weight {
  private codes: Quantised | null = null;
  private rowCodes: QuantisedRows | null = null;

  constructor(
    readonly name: string,
    private readonly shape: readonly number[],
    readonly floats: Float32Array,
  ) {}

  quantised(bits: Bits): Quantised {
    if (this.codes?.bits !== bits) this.codes = quantise(this.floats, this.shape as readonly [number, number], bits);
    return this.codes;
  }

  get rows(): QuantisedRows {
    return (this.rowCodes ??= quantiseRows(this.floats, this.shape as readonly [number, number]));
  }
}

const FORMS: Readonly<Record<WeightForm, (weight: Weight) => Uint8Array>> = {
  f32: ({ floats }) => bytesOf(floats),
  f16: ({ floats }) => bytesOf(toHalves(floats)),
  "q8-packed": (weight) => weight.quantised(8).packed,
  "q8-scales": (weight) => bytesOf(weight.quantised(8).scales),
  "q4-packed": (weight) => weight.quantised(4).packed,
  "q4-scales": (weight) => bytesOf(weight.quantised(4).scales),
  "q8-row-codes": (weight) => bytesOf(weight.rows.codes),
  "q8-row-scales": (weight) => bytesOf(weight.rows.scales),
};

const bytesOf = (array: Float32Array | Uint16Array | Int8Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
