import { expect, it } from "vitest";
import type { Element } from "../../../src/engine/weights/checkpoint.js";
import { toFloats } from "../../../src/engine/weights/floats.js";

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const convert = (element: Element, array: ArrayBufferView) => [...toFloats(element, bytesOf(array))];

it("knows the landmarks of half precision", () => {
  const patterns = Uint16Array.of(
    0x0000,
    0x8000,
    0x0001,
    0x8001,
    0x03ff,
    0x0400,
    0x3c00,
    0x3555,
    0x7bff,
    0x7c00,
    0xfc00,
    0x7e00,
  );
  const values = [
    0,
    -0,
    2 ** -24,
    -(2 ** -24),
    1023 * 2 ** -24,
    2 ** -14,
    1,
    0.333251953125,
    65504,
    Infinity,
    -Infinity,
    NaN,
  ];
  expect(convert("f16", patterns)).toEqual(values);
});

it("knows the landmarks of bfloat16", () => {
  const patterns = Uint16Array.of(0x0000, 0x8000, 0x0001, 0x3f80, 0xc049, 0x7f7f, 0x7f80, 0xff80, 0x7fc0);
  const values = [0, -0, 2 ** -133, 1, -3.140625, 255 * 2 ** 120, Infinity, -Infinity, NaN];
  expect(convert("bf16", patterns)).toEqual(values);
});

it("rounds doubles and long integers once, to nearest even", () => {
  const tie = 2n ** 60n + 2n ** 36n; // halfway between two floats: to even, which is 2^60
  expect(convert("i64", BigInt64Array.of(tie, tie + 1n, -tie, -tie - 1n, -3n, 2n ** 53n))).toEqual(
    [2 ** 60, 2 ** 60 + 2 ** 37, -(2 ** 60), -(2 ** 60) - 2 ** 37, -3, 2 ** 53], // through doubles, tie + 1 would be 2^60
  );
  expect(convert("u64", BigUint64Array.of(2n ** 64n - 1n, 7n))).toEqual([2 ** 64, 7]);
  expect(convert("f64", Float64Array.of(1 + 2 ** -24, 1 + 2 ** -24 + 2 ** -50, 1e300, -0, 2 ** -149))).toEqual([
    1,
    1 + 2 ** -23,
    Infinity,
    -0,
    2 ** -149,
  ]);
});

it("reads small integers with and without sign, and any non-zero byte as true", () => {
  expect(convert("i8", Uint8Array.of(255, 128, 127))).toEqual([-1, -128, 127]);
  expect(convert("u8", Uint8Array.of(255, 128, 127))).toEqual([255, 128, 127]);
  expect(convert("i16", Uint16Array.of(65535, 3))).toEqual([-1, 3]);
  expect(convert("u16", Uint16Array.of(65535, 3))).toEqual([65535, 3]);
  expect(convert("i32", Int32Array.of(-5, 7))).toEqual([-5, 7]);
  expect(convert("u32", Uint32Array.of(2 ** 32 - 2 ** 8))).toEqual([2 ** 32 - 2 ** 8]);
  expect(convert("bool", Uint8Array.of(0, 1, 2))).toEqual([0, 1, 1]);
});

it("takes bytes that begin anywhere", () => {
  const shifted = new Uint8Array(13);
  shifted.set(bytesOf(Float32Array.of(2, 3, 5)), 1);
  expect([...toFloats("f32", shifted.subarray(1))]).toEqual([2, 3, 5]);
});
