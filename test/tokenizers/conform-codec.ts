/** What every codec of tensors keeps, be it of pictures or of masks: one call in the test of each. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ArgumentError, ClosedError } from "../../src/base/errors.js";
import { type FloatTensor, f32, i32, type Tensor } from "../../src/engine/tensor.js";
import type { Checkpoint } from "../../src/engine/weights/checkpoint.js";
import type { Tokenizer } from "../../src/tokenizers/tokenizer.js";

export interface Codec extends Tokenizer<FloatTensor, Tensor> {
  close(): Promise<void>;
}

export interface OpenCodec {
  readonly codec: Codec;
  /** Where its weights come from: closed after it. */
  readonly weights: Checkpoint;
  /** Two items or more, no two alike, of values that the codec takes. */
  readonly media: FloatTensor;
}

/** `range` is that of the values which the codec takes: nothing beyond it is a picture or a mask. */
export function conformCodec(name: string, range: readonly [number, number], open: () => Promise<OpenCodec>): void {
  describe(`${name}: a codec`, () => {
    let codec: Codec;
    let weights: Checkpoint;
    let media: FloatTensor;
    let ids: Tensor;
    beforeAll(async () => {
      ({ codec, weights, media } = await open());
      ids = await codec.encode(media);
    });
    afterAll(async () => {
      await codec.close();
      await weights.close();
    });

    it("gives integers below its vocabulary, the same each time", async () => {
      expect(ids.data).toBeInstanceOf(Int32Array);
      expect(ids.shape[0]).toBe(media.shape[0]);
      expect([...ids.data].every((id) => id >= 0 && id < codec.vocabularySize)).toBe(true);
      expect(await codec.encode(media)).toEqual(ids);
    });

    it("tells items apart, and gives each the ids that it has alone", async () => {
      const items = [...Array(media.shape[0]!).keys()];
      for (const item of items) expect(await codec.encode(itemOf(media, item))).toEqual(itemOf(ids, item));
      expect(new Set(items.map((item) => String(itemOf(ids, item).data))).size).toBe(items.length);
    });

    it("makes media of the same shape of them, the same each time, and of each what it is alone", async () => {
      const made = await codec.decode(ids);
      expect(made.shape).toEqual(media.shape);
      expect(made.data.every(Number.isFinite)).toBe(true);
      expect(await codec.decode(ids)).toEqual(made);
      for (let item = 0; item < media.shape[0]!; item++) {
        const alone = await codec.decode(itemOf(ids, item));
        alone.data.forEach((value, i) => expect(value).toBeCloseTo(made.data[item * alone.data.length + i]!, 5));
      }
    });

    it("decodes any ids below its vocabulary, and its last id is one", async () => {
      const any = ids.data.map((_, i) => (i === 0 ? codec.vocabularySize - 1 : (i * 7919) % codec.vocabularySize));
      const made = await codec.decode(i32(ids.shape as number[], any));
      expect(made.data.every(Number.isFinite)).toBe(true);
    });

    it.each([
      ["beyond the vocabulary", () => codec.vocabularySize],
      ["below 0", () => -1],
    ])("refuses an id %s by its value", async (_, wrong) => {
      const data = ids.data.slice();
      data[data.length - 1] = wrong();
      const decoding = codec.decode(i32(ids.shape as number[], data));
      await expect(decoding).rejects.toThrow(ArgumentError);
      await expect(decoding).rejects.toThrow(String(wrong()));
    });

    it("refuses floats for ids, and ids of no item", async () => {
      await expect(codec.decode(f32(ids.shape as number[], Float32Array.from(ids.data)))).rejects.toThrow(
        ArgumentError,
      );
      await expect(codec.decode(i32([0, ...ids.shape.slice(1)], []))).rejects.toThrow(ArgumentError);
    });

    it.each([
      ["not a number", Number.NaN],
      ["beyond its range", range[1] + 254],
      ["below its range", range[0] - 254],
    ])("refuses a value that is %s", async (_, value) => {
      const data = media.data.slice();
      data[data.length - 1] = value;
      const encoding = codec.encode(f32(media.shape as number[], data));
      await expect(encoding).rejects.toThrow(ArgumentError);
      await expect(encoding).rejects.toThrow(String(value));
    });

    it("refuses media without a batch axis, and of no item", async () => {
      await expect(codec.encode(f32(media.shape.slice(1), itemOf(media, 0).data))).rejects.toThrow(ArgumentError);
      await expect(codec.encode(f32([0, ...media.shape.slice(1)], []))).rejects.toThrow(ArgumentError);
    });

    it("does not change what it is given", async () => {
      const [before, tokens] = [media.data.slice(), ids.data.slice()];
      await codec.decode(await codec.encode(media));
      await codec.decode(ids);
      expect(media.data).toEqual(before);
      expect(ids.data).toEqual(tokens);
    });

    it("is of no use when closed, also if it was never used; closing twice is closing once", async () => {
      const { codec: closed, weights: its } = await open();
      await closed.close();
      await closed.close();
      await expect(closed.encode(media)).rejects.toThrow(ClosedError);
      await expect(closed.decode(ids)).rejects.toThrow(ClosedError);
      await its.close();
    });
  });
}

/** One item of a batch, as a batch of one. */
export function itemOf<T extends Tensor>({ shape, data }: T, item: number): T {
  const stride = data.length / shape[0]!;
  return { shape: [1, ...shape.slice(1)], data: data.slice(item * stride, (item + 1) * stride) } as unknown as T;
}
