import { expect, test } from "vitest";
import { WeightsError } from "../../../src/base/errors.js";
import { dequantise, quantise } from "../../../src/engine/quantise.js";
import { unpacked } from "../../../src/engine/weights/block-codes.js";
import { memoryCheckpoint, type RawTensor } from "../../../src/engine/weights/stored.js";

const i8 = (shape: number[], values: ArrayLike<number>): RawTensor => ({
  element: "i8",
  shape,
  bytes: new Uint8Array(Int8Array.from(values).buffer),
});
const f16 = (shape: number[], bits: number[]): RawTensor => ({
  element: "f16",
  shape,
  bytes: new Uint8Array(Uint16Array.from(bits).buffer),
});
const HALF = 0x3800; // 0.5
const THREE = 0x4200; // 3

const codes = Float32Array.from({ length: 3 * 64 }, (_, i) => ((i * 37) % 255) - 127);

test("a pair becomes the matrix it stands for, and its scales disappear", async () => {
  const view = unpacked(
    memoryCheckpoint("pair", [
      ["w", i8([3, 64], codes)],
      ["w.scales", f16([3, 2], [HALF, THREE, HALF, HALF, THREE, THREE])],
      ["plain", i8([5], [1, 2, 3, 4, 5])],
    ]),
  );
  expect([...view.entries.keys()]).toEqual(["w", "plain"]);
  expect(view.entries.get("w")!.element).toBe("f32");
  const scale = [0.5, 3, 0.5, 0.5, 3, 3];
  expect(await view.floats("w")).toEqual(codes.map((code, i) => code * scale[Math.floor(i / 32)]!));
  expect(await view.floats("plain")).toEqual(Float32Array.of(1, 2, 3, 4, 5));
});

test("blocks of a convolution's kernel run along channels and taps", async () => {
  const view = unpacked(
    memoryCheckpoint("pair", [
      ["w", i8([3, 16, 4], codes)],
      ["w.scales", f16([3, 2], [HALF, THREE, HALF, HALF, THREE, THREE])],
    ]),
  );
  expect(view.entries.get("w")!.shape).toEqual([3, 16, 4]);
  const scale = [0.5, 3, 0.5, 0.5, 3, 3];
  expect(await view.floats("w")).toEqual(codes.map((code, i) => code * scale[Math.floor(i / 32)]!));
});

test("quantising the matrix again at 8 bits loses nothing where a block uses its whole range", async () => {
  const full = codes.map((code, i) => (i % 32 === 5 ? 127 : code));
  const view = unpacked(
    memoryCheckpoint("pair", [
      ["w", i8([3, 64], full)],
      ["w.scales", f16([3, 2], [HALF, THREE, HALF, HALF, THREE, THREE])],
    ]),
  );
  const weights = await view.floats("w");
  const again = dequantise(quantise(weights, [3, 64], 8));
  again.forEach((weight, i) => {
    expect(Math.abs(weight - weights[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(weights[i]!));
  });
});

test("scales of another shape are refused by name", () => {
  const bad = memoryCheckpoint("pair", [
    ["w", i8([3, 64], codes)],
    ["w.scales", f16([3, 1], [HALF, HALF, HALF])],
  ]);
  expect(() => unpacked(bad)).toThrow(WeightsError);
  expect(() => unpacked(bad)).toThrow(/w\.scales/);
});

test("codes of six bits lie four in three bytes, the first one lowest", async () => {
  const six = Array.from({ length: 64 }, (_, i) => ((i * 37) % 63) - 31);
  const bytes: number[] = [];
  for (let i = 0; i < six.length; i += 4) {
    const four = six.slice(i, i + 4).reduce((sum, code, k) => sum + (code + 32) * 64 ** k, 0);
    bytes.push(four % 256, Math.floor(four / 256) % 256, Math.floor(four / 65536));
  }
  const view = unpacked(
    memoryCheckpoint("pair", [
      ["w", { element: "u8", shape: [2, 24], bytes: Uint8Array.from(bytes) }],
      ["w.scales", f16([2, 1], [HALF, THREE])],
      ["plain", { element: "u8", shape: [3], bytes: Uint8Array.of(1, 2, 255) }],
    ]),
  );
  expect(view.entries.get("w")).toMatchObject({ element: "f32", shape: [2, 32] });
  expect(await view.floats("w")).toEqual(Float32Array.from(six, (code, i) => code * (i < 32 ? 0.5 : 3)));
  expect(await view.floats("plain")).toEqual(Float32Array.of(1, 2, 255));
});

test("six bits whose rows do not fill whole blocks are refused by name", () => {
  const bad = memoryCheckpoint("pair", [
    ["w", { element: "u8", shape: [2, 25], bytes: new Uint8Array(50) }],
    ["w.scales", f16([2, 1], [HALF, HALF])],
  ]);
  expect(() => unpacked(bad)).toThrow(/w\.scales/);
});
