/** The bytes of initializers, made out of a checkpoint weight by weight. */
import { toHalves } from "../half.js";
import { type Bits, type Quantised, quantise } from "../quantise.js";
import { type QuantisedRows, quantiseRows } from "../quantise-rows.js";
import type { Checkpoint } from "../weights/checkpoint.js";
import type { WeightForm, WeightUse } from "./lower.js";

/**
 * Yields each use with its little-endian bytes, in the order given. Uses of the same weight that follow each other (codes and
 * scales) share its reading and its quantisation, and while they are made the next weight is read: where the checkpoint lies with
 * another thread, both work. No more than these two are held at a time.
 */
export async function* weightBytes(
  uses: readonly WeightUse[],
  checkpoint: Checkpoint,
): AsyncGenerator<readonly [use: WeightUse, bytes: Uint8Array]> {
  const weights = ahead(
    uses.filter(({ weight }, i) => weight !== uses[i - 1]?.weight),
    async ({ weight, shape }) => new Weight(weight, shape, await checkpoint.floats(weight)),
  );
  let weight: Weight | undefined;
  for (const use of uses) {
    if (weight?.name !== use.weight) weight = (await weights.next()).value as Weight;
    yield [use, FORMS[use.form](weight)];
  }
}

/** The results of `read`, each begun before the one before it is given out. */
async function* ahead<T, R>(items: readonly T[], read: (item: T) => Promise<R>): AsyncGenerator<R> {
  let next = items.length > 0 ? read(items[0]!) : null;
  for (let i = 1; next; i++) {
    const result: R = await next;
    next = i < items.length ? read(items[i]!) : null;
    next?.catch(() => {}); // whoever asks for it is told
    yield result;
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

const bytesOf = (array: Float32Array | Uint16Array | Int8Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
