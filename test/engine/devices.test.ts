import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  ClosedError,
  DeviceError,
  ShapeError,
  UnknownNameError,
  WeightsError,
} from "../../src/base/errors.js";
import { DEVICES, type DeviceName } from "../../src/engine/devices.js";
import type { Engine, Precision, Program } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { referenceEngine } from "../../src/engine/reference.js";
import type { Tensor } from "../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import { normalisedError } from "./run-case.js";
import { stepInputs, tinyDecoder, tinyWeights } from "./tiny-decoder.js";
import { DIAGNOSES, USABLE } from "./usable.js";

const [B, S] = [3, 13];
test("every device is diagnosed, and those that cannot run say why and what to do", () => {
  expect(DIAGNOSES.map(({ device }) => device)).toEqual(Object.keys(DEVICES));
  for (const { usable, reason, remedy } of DIAGNOSES) {
    expect(reason).not.toBe("");
    expect(remedy === "").toBe(usable);
  }
  expect(USABLE).toEqual(expect.arrayContaining(["cpu", "tensorflow-cpu", "tensorflow-wasm", "reference"]));
});

test("an engine by default says what was chosen and what was passed over", async () => {
  const engine = await openEngine();
  expect(engine.device.name).toMatch(/^onnx-(cuda|cpu)$/);
  expect(engine.device.reason).toContain("cuda, cpu");
  await engine.close();
});

test("a device that cannot run here is an error with a remedy, never another device", async () => {
  const elsewhere: DeviceName = process.platform === "darwin" ? "dml" : "coreml";
  const error: unknown = await openEngine({ device: elsewhere }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).reason).toContain(`${process.platform}-${process.arch}`);
  await expect(openEngine({ device: "gpu" as DeviceName })).rejects.toThrow(UnknownNameError);
  await expect(openEngine({ device: "toString" as DeviceName })).rejects.toThrow(UnknownNameError);
  await expect(openEngine({ threads: 0 })).rejects.toThrow("an integer from 1 to 256");
  await expect(openEngine({ thread: 1 } as object)).rejects.toThrow("openEngine.thread");
});

/** Of the normalised error. Block precisions may round activations to 8 bits as well, which the reference does not. */
const LIMITS: Record<Precision, number> = { f32: 1e-10, f16: 1e-10, q8: 1e-3, q4: 1e-3 };

describe.each(USABLE)("%s", (device) => {
  const reference = referenceEngine();
  let engine: Engine;

  beforeAll(async () => {
    engine = await openEngine({ device });
  });
  afterAll(() => engine.close());

  /** Runs the same script on both engines and compares everything that comes out. */
  async function agree(precision: Precision, script: (program: Program) => Promise<readonly Tensor[]>) {
    const graph = tinyDecoder();
    const [mine, theirs] = await Promise.all(
      [engine, reference].map(async (one) => script(await one.compile(graph, tinyWeights(), { precision }))),
    );
    expect(mine!.map(({ shape }) => shape)).toEqual(theirs!.map(({ shape }) => shape));
    for (const [i, tensor] of mine!.entries())
      expect(normalisedError(tensor, theirs![i]!), `result ${i}`).toBeLessThan(LIMITS[precision]);
  }

  test.each(["f32", "f16", "q8", "q4"] as const)("decodes like the reference in %s", async (precision) => {
    await agree(precision, async (program) => {
      const memory = await program.allocate({ B, S });
      const results: Tensor[] = [];
      const step = async (T: number) => {
        const { logits, best } = await program.run(stepInputs(B, T, memory.length, S), memory);
        results.push(logits!);
        if (precision === "f32") results.push(best!);
      };
      await step(5);
      await step(1);
      await step(1);
      memory.truncate(6);
      await memory.fork([2, 0, 0]);
      await step(3);
      results.push(await memory.read("k"), await memory.read("v"));
      expect(memory.length).toBe(9);
      await memory.fork([1]);
      results.push((await program.run(stepInputs(1, 2, memory.length, S), memory)).logits!, await memory.read("v"));
      const again = await program.allocate({ B: 1, S });
      await again.load({ k: await memory.read("k"), v: await memory.read("v") });
      expect([again.length, again.visible]).toEqual([memory.length, memory.visible]);
      results.push((await program.run(stepInputs(1, 1, again.length, S), again)).logits!);
      return results;
    });
  });

  test("keeps what it is fed, and gives away what it returns", async () => {
    const program = await engine.compile(tinyDecoder(), tinyWeights());
    const memory = await program.allocate({ B, S });
    const inputs = stepInputs(B, 2, 0, S);
    const copies = structuredClone(inputs);
    const first = (await program.run(inputs, memory))["logits"]!;
    expect(inputs).toEqual(copies);
    const values = first.data.slice();
    memory.truncate(0);
    await program.run(stepInputs(B, 2, 0, S, 1), memory);
    expect(first.data).toEqual(values);
    await program.close();
  });

  test("refuses bad weights, inputs and memories with typed errors, and goes on", async () => {
    const graph = tinyDecoder();
    await expect(engine.compile(graph, memoryCheckpoint("empty", []))).rejects.toThrow(WeightsError);
    const program = await engine.compile(graph, tinyWeights());
    const memory = await program.allocate({ B, S: 5 });
    await program.run(stepInputs(B, 4, 0, 5), memory);
    await expect(program.run(stepInputs(B, 2, 4, 5), memory)).rejects.toThrow(ShapeError); // 6 in 5 slots
    await expect(program.run({ ids: stepInputs(B, 1, 4, 5)["ids"]! }, memory)).rejects.toThrow('"bias" is missing');
    await expect(program.run(stepInputs(B + 1, 1, 4, 5), memory)).rejects.toThrow(ShapeError);
    await expect(program.run(stepInputs(B, 1, 4, 5))).rejects.toThrow(ArgumentError); // no memory
    const stranger = await (await engine.compile(graph, tinyWeights())).allocate({ B, S: 5 });
    await expect(program.run(stepInputs(B, 1, 4, 5), stranger)).rejects.toThrow(ArgumentError);
    await expect(program.allocate({ B })).rejects.toThrow(ShapeError);
    expect(memory.length).toBe(4);
    await program.run(stepInputs(B, 1, 4, 5), memory);
    expect(memory.length).toBe(5);
    await program.close();
    await expect(program.run(stepInputs(B, 1, 0, 5), memory)).rejects.toThrow(ClosedError);
    await expect(program.allocate({ B, S: 5 })).rejects.toThrow(ClosedError);
  });
});
