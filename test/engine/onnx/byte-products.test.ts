import * as runtime from "onnxruntime-node";
import { expect, test } from "vitest";
import { byteProductsAreExact } from "../../../src/engine/onnx/byte-products.js";

test("the runtime is believed: sums that come out right, sums that overflowed", async () => {
  const asked: number[] = [];
  const giving = (sum: number) => ({
    Tensor: runtime.Tensor as never,
    InferenceSession: {
      async create(model: Uint8Array) {
        asked.push(sum);
        const session = await runtime.InferenceSession.create(model);
        const { y } = await session.run({ x: new runtime.Tensor("uint8", new Uint8Array(64).fill(255), [2, 32]) });
        expect(y!.dims).toEqual([2, 16]);
        return {
          ...session,
          run: async () => ({ y: { data: Int32Array.of(255 * 127 * 32, sum) } }),
          release: () => session.release(),
        } as never;
      },
    },
  });
  const right = giving(255 * 127 * 32);
  expect(await byteProductsAreExact(right)).toBe(true);
  expect(await byteProductsAreExact(right)).toBe(true);
  expect(await byteProductsAreExact(giving(16 * 32767))).toBe(false); // pairs of products in 16 bits, each at its most
  expect(asked).toEqual([255 * 127 * 32, 16 * 32767]); // once each
});
