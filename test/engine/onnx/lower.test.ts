import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, ShapeError, WeightsError } from "../../../src/base/errors.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { lowerToOnnx } from "../../../src/engine/onnx/lower.js";
import { saveOnnx } from "../../../src/engine/onnx/save.js";
import { opsOf } from "../../../src/engine/ops/index.js";
import { referenceEngine } from "../../../src/engine/reference.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { normalisedError } from "../run-case.js";
import { stepInputs, tinyDecoder, tinyWeights } from "../tiny-decoder.js";

const lower = (precision: "f32" | "f16" | "q8" | "q4") => lowerToOnnx(tinyDecoder(), { precision, stateful: "host" });

describe("lowerToOnnx", () => {
  test("asks for every weight once, in the form of the precision", () => {
    const forms = (precision: "f32" | "f16" | "q8") =>
      lower(precision).weights.map(({ weight, form }) => `${weight} ${form}`);
    const matrices = ["q", "k", "v", "head"];
    const others = ["table f32", "norm f32"];
    expect(forms("f32").sort()).toEqual([...others, ...matrices.map((name) => `${name} f32`)].sort());
    expect(forms("f16").sort()).toEqual([...others, ...matrices.map((name) => `${name} f16`)].sort());
    expect(forms("q8").sort()).toEqual(
      [...others, ...matrices.flatMap((name) => [`${name} q8-packed`, `${name} q8-scales`])].sort(),
    );
    const [packed] = lower("q4").weights.filter(({ form }) => form === "q4-packed");
    expect(packed).toMatchObject({ shape: [14, 14], bytes: 14 * 16 });
  });

  test("holds the matrices of bulkLinear in q8 by rows where ONNX Runtime's CPU is aimed at, else in blocks", () => {
    const g = new GraphBuilder("test");
    const graph = g.build({ y: opsOf(g).bulkLinear(g.input("x", ["T", 64]), g.weight("w", [3, 64]), null) });
    const forms = (operators: "standard" | "onnxruntime", precision: "q8" | "q4") =>
      lowerToOnnx(graph, { precision, stateful: "host", operators }).weights.map(({ form, bytes }) => [form, bytes]);
    expect(forms("onnxruntime", "q8")).toEqual([
      ["q8-row-codes", 3 * 64],
      ["q8-row-scales", 3 * 4],
    ]);
    expect(forms("standard", "q8").map(([form]) => form)).toEqual(["q8-packed", "q8-scales"]);
    expect(forms("onnxruntime", "q4").map(([form]) => form)).toEqual(["q4-packed", "q4-scales"]);
  });

  test("gives the same bytes for the same graph", () => {
    expect(Buffer.from(lower("f32").model).equals(Buffer.from(lower("f32").model))).toBe(true);
  });

  test("leaves out what no output needs, and shares what is equal", () => {
    const g = new GraphBuilder("test");
    const o = opsOf(g);
    const x = g.input("x", [2, 3]);
    o.exp(x); // nobody asks for it
    const graph = g.build({ y: o.silu(x), z: o.silu(x), a: o.affine(x, { scale: 7 }), b: o.affine(x, { offset: 7 }) });
    const model = Buffer.from(lowerToOnnx(graph, { precision: "f32", stateful: "host" }).model).toString("latin1");
    const count = (text: string) => model.split(text).length - 1;
    expect({ exp: count("Exp"), sigmoid: count("Sigmoid") }).toEqual({ exp: 0, sigmoid: 1 });
    expect(count("\0\0\xe0\x40")).toBe(1); // the number 7
  });

  test("serves an output under several names, and outputs that nothing computes", async () => {
    const g = new GraphBuilder("test");
    const x = g.input("x", [3]);
    const y = opsOf(g).affine(x, { scale: 2 });
    const graph = g.build({
      y,
      again: y,
      z: opsOf(g).affine(y, { offset: 1 }),
      same: x,
      nothing: opsOf(g).affine(y, {}),
    });
    const { model } = lowerToOnnx(graph, { precision: "f32", stateful: "host" });
    const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
    const found = await session.run({ x: new OrtTensor("float32", Float32Array.of(1, 2, 3), [3]) });
    await session.release();
    const numbers = Object.fromEntries(
      Object.entries(found).map(([name, { data }]) => [name, [...(data as Float32Array)]]),
    );
    const double = [2, 4, 6];
    expect(numbers).toEqual({ y: double, again: double, z: [3, 5, 7], same: [1, 2, 3], nothing: double });
  });

  test("refuses names that would be two things", () => {
    const g = new GraphBuilder("test");
    const graph = g.build({ y: opsOf(g).add(g.input("a", [3]), g.weight("a", [3])) });
    expect(() => lowerToOnnx(graph, { precision: "f32", stateful: "host" })).toThrow(ShapeError);
  });
});

describe("saveOnnx", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tessera-save-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each(["f32", "f16"] as const)(
    "writes two files that ONNX Runtime reads from elsewhere, in %s",
    async (precision) => {
      const path = join(folder, `decoder-${precision}.onnx`);
      await saveOnnx(tinyDecoder(), tinyWeights(), path, { precision });
      const [B, T, S] = [2, 3, 5];
      const inputs = stepInputs(B, T, 0, S);

      const program = await referenceEngine().compile(tinyDecoder(), tinyWeights(), { precision });
      const expected = await program.run(inputs, await program.allocate({ B, S }));

      const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
      const cache = () => new OrtTensor("float32", new Float32Array(B * 2 * S * 7), [B, 2, S, 7]);
      const found = await session.run({
        ids: new OrtTensor("int32", inputs.ids!.data, [B, T]),
        bias: new OrtTensor("float32", inputs.bias!.data, [B, 1, T, S + T]),
        "past:k": cache(),
        "past:v": cache(),
      });
      await session.release();
      const { dims, data } = found.logits!;
      expect(normalisedError({ shape: dims, data: data as Float32Array }, expected.logits!)).toBeLessThan(1e-12);
      expect(found["new:k"]!.dims).toEqual([B, 2, T, 7]);
      expect([...(found.best!.data as Int32Array)]).toEqual([...expected.best!.data]);
    },
  );

  test("needs nothing but standard operators at f32", async () => {
    const model = await readFile(join(folder, "decoder-f32.onnx"));
    expect(model.includes("MatMul")).toBe(true);
    expect(model.includes("FusedMatMul")).toBe(false);
  });

  test("leaves no file behind when it fails", async () => {
    const broken = { ...tinyWeights(), floats: () => Promise.reject(new Error("the disk is gone")) };
    await expect(saveOnnx(tinyDecoder(), broken, join(folder, "broken.onnx"))).rejects.toThrow("the disk is gone");
    expect((await readdir(folder)).filter((name) => /broken|part/.test(name))).toEqual([]);
    await expect(saveOnnx(tinyDecoder(), tinyWeights(), join(folder, "model"))).rejects.toThrow(ArgumentError);
    await expect(saveOnnx(tinyDecoder(), memoryCheckpoint("none", []), join(folder, "a.onnx"))).rejects.toThrow(
      WeightsError,
    );
  });
});
