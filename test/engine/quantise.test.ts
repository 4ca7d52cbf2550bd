import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/base/errors.js";
import { GraphBuilder } from "../../src/engine/graph.js";
import { toHalves } from "../../src/engine/half.js";
import { openOnnx } from "../../src/engine/onnx/executor.js";
import { opsOf } from "../../src/engine/ops/index.js";
import { rounded } from "../../src/engine/precision.js";
import { BLOCK, dequantise, quantise } from "../../src/engine/quantise.js";
import { quantiseRows } from "../../src/engine/quantise-rows.js";
import { referenceEngine } from "../../src/engine/reference.js";
import { toFloats } from "../../src/engine/weights/floats.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { CASES } from "./cases.js";
import { normalisedError, runCase } from "./run-case.js";
import { noise } from "./tiny-decoder.js";

const SHAPE = [5, 71] as const; // the last of three blocks holds 7 of 32

describe("quantise", () => {
  const { data } = noise(SHAPE, 1);

  test.each([
    [8, 0.5],
    [4, 1],
  ] as const)("errs by at most the promised part of a scale at %i bits", (bits, most) => {
    const codes = quantise(data, SHAPE, bits);
    const back = dequantise(codes);
    let worst = 0;
    data.forEach((value, i) => {
      const block = Math.floor(i / 71) * 3 + Math.floor((i % 71) / BLOCK);
      worst = Math.max(worst, Math.abs(back[i]! - value) / Math.abs(codes.scales[block]!));
    });
    expect(worst).toBeLessThanOrEqual(most + 1e-4);
    expect(worst).toBeGreaterThan(most / 4); // the bound is about this rounding, not about anything
  });

  test("keeps the largest weight of a block, and zeros, exactly", () => {
    const weights = Float32Array.of(0, -0.8, 0.3, 0, 0.7);
    for (const bits of [4, 8] as const) {
      const back = dequantise(quantise(weights, [1, 5], bits));
      expect([back[0], back[3]]).toEqual([0, 0]);
      expect(back[1]).toBeCloseTo(-0.8, 6);
    }
    expect(dequantise(quantise(new Float32Array(3), [1, 3], 4)).every((value) => value === 0)).toBe(true);
  });

  test("packs as MatMulNBits reads: earlier code in the low half, offset 8, padding at zero", () => {
    const { packed, scales } = quantise(Float32Array.of(-8, 7, 1), [1, 3], 4);
    expect([...scales]).toEqual([1]);
    expect([...packed]).toEqual([0xf0, 0x89, ...new Array(14).fill(0x88)]);
  });

  test("refuses what has no code", () => {
    expect(() => quantise(Float32Array.of(1, Number.NaN), [1, 2], 8)).toThrow(ShapeError);
    expect(() => quantise(Float32Array.of(1, -Infinity), [1, 2], 4)).toThrow(ShapeError);
  });
});

describe("half precision", () => {
  test("narrowing undoes widening for every number there is", () => {
    const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter((bits) => (bits & 0x7fff) <= 0x7c00);
    expect(toHalves(toFloats("f16", new Uint8Array(all.buffer)))).toEqual(all);
  });

  test("rounds to nearest, ties to even, and overflows as the standard says", () => {
    const step = 2 ** -10; // between halves from 1 to 2
    const values = [1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, 65519.9, 65520, -1e9, 2 ** -25, 1.01 * 2 ** -25, -0];
    const back = rounded(Float32Array.from(values), [1, values.length], "f16");
    expect([...back]).toEqual([1, 1 + 2 * step, 1 + step, 65504, Infinity, -Infinity, 0, 2 ** -24, -0]);
  });
});

describe("quantiseRows", () => {
  test("errs by at most half a scale of the row, and turns the matrix", () => {
    const { data } = noise(SHAPE, 1);
    const { codes, scales } = quantiseRows(data, SHAPE);
    const [rows, width] = SHAPE;
    let worst = 0;
    data.forEach((value, at) => {
      const row = Math.floor(at / width);
      worst = Math.max(worst, Math.abs(codes[(at % width) * rows + row]! - value / scales[row]!));
    });
    expect(worst).toBeLessThanOrEqual(0.5 + 1e-4);
    expect(worst).toBeGreaterThan(0.4);
    for (let row = 0; row < rows; row++)
      expect(codes.filter((code, at) => at % rows === row && Math.abs(code) === 127)).not.toHaveLength(0);
  });

  test("keeps rows of zeros, and refuses what is not finite", () => {
    expect(quantiseRows(Float32Array.of(0, 0, 1, -2), [2, 2])).toEqual({
      codes: Int8Array.of(0, 64, 0, -127),
      scales: Float32Array.of(0, 2 / 127),
    });
    expect(() => quantiseRows(Float32Array.of(1, NaN), [1, 2])).toThrow(ShapeError);
  });
});

describe("programs below float32", () => {
  // int8 products also round x, to 1/254 of the largest of each 32; f16 and the rest of the table compute in float32. In q8
  // bulkLinear rounds x and the weight by rows instead.
  test.each([
    ["linear", "f16", 1e-12],
    ["linear", "q8", 3e-5],
    ["linear", "q4", 3e-5],
    ["bulkLinear", "f16", 1e-12],
    ["bulkLinear", "q8", 1e-4],
    ["bulkLinear", "q4", 3e-5],
  ] as const)("%s on onnx-cpu multiplies by the weights that %s rounds to", async (op, precision, limit) => {
    const cases = CASES.filter((which) => which.op === op);
    expect(cases).not.toHaveLength(0);
    const engine = await openOnnx({ device: { name: "onnx-cpu", reason: "test" }, provider: "cpu", threads: 1 });
    for (const which of cases) {
      const expected = await runCase(referenceEngine(), which, precision);
      expect(normalisedError(await runCase(engine, which, precision), expected)).toBeLessThan(limit);
    }
    await engine.close();
  });

  test("a row of bulkLinear is the same to the last bit alone and among others", async () => {
    const engine = await openOnnx({ device: { name: "onnx-cpu", reason: "test" }, provider: "cpu", threads: 2 });
    const g = new GraphBuilder("rows");
    const graph = g.build({ y: opsOf(g).bulkLinear(g.input("x", ["T", 256]), g.weight("w", [96, 256]), null) });
    const program = await engine.compile(graph, memoryCheckpoint("rows", [["w", noise([96, 256], 2)]]), {
      precision: "q8",
    });
    const x = noise([70, 256], 3);
    const all = (await program.run({ x })).y!;
    for (const row of [0, 33, 69]) {
      const alone = await program.run({ x: { shape: [1, 256], data: x.data.slice(256 * row, 256 * (row + 1)) } });
      expect(alone.y!.data).toEqual(all.data.slice(96 * row, 96 * (row + 1)));
    }
    await engine.close();
  });

  test("only the matrices of linear are rounded", async () => {
    const embedding = CASES.find(({ op }) => op === "embedding")!;
    const engine = referenceEngine();
    expect((await runCase(engine, embedding, "q4")).data).toEqual((await runCase(engine, embedding, "f32")).data);
  });
});
