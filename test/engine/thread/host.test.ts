import { afterEach, beforeEach, expect, test } from "vitest";
import { ClosedError, DeviceError, ExecutionError } from "../../../src/base/errors.js";
import type { Engine } from "../../../src/engine/engine.js";
import { GraphBuilder } from "../../../src/engine/graph.js";
import { openEngine } from "../../../src/engine/open.js";
import { opsOf } from "../../../src/engine/ops/index.js";
import { tensor } from "../../../src/engine/tensor.js";
import type { Home } from "../../../src/engine/thread/home.js";
import { openInThread } from "../../../src/engine/thread/host.js";
import { memoryCheckpoint } from "../../../src/engine/weights/stored.js";
import { stepInputs, tinyDecoder, tinyWeights } from "../tiny-decoder.js";

let engine: Engine;
beforeEach(async () => {
  engine = await openEngine({ device: "cpu", threads: 1 });
});
afterEach(() => engine.close());

/** The thread behind an engine, to be ended from outside as a crash would. */
const threadOf = (engine: Engine) => (engine as unknown as { home: Home }).home;

/** A square of a matrix of 1021 x 1021, over and over: some hundred milliseconds of work in one run. */
async function longProgram() {
  const g = new GraphBuilder("long");
  const o = opsOf(g);
  let x = g.input("x", [1021, 1021]);
  for (let i = 0; i < 12; i++) x = o.matmul(x, x);
  const program = await engine.compile(
    g.build({ y: o.sum(x, { axis: 1, keepDims: false }) }),
    memoryCheckpoint("none", []),
  );
  const inputs = { x: tensor([1021, 1021], new Float32Array(1021 * 1021)) };
  return { program, inputs };
}

test("a run does not block the event loop", async () => {
  const { program, inputs } = await longProgram();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await program.run(inputs);
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(5); // a blocked loop would have ticked once; bench/default-picture.ts times the longest wait
});

test("calls are carried out in order, and a memory in use is refused to others", async () => {
  const program = await engine.compile(tinyDecoder(), tinyWeights());
  const memory = await program.allocate({ B: 2, S: 11 });
  const run = program.run(stepInputs(2, 3, 0, 11), memory);
  expect(() => memory.truncate(0)).toThrow("in use");
  await expect(program.run(stepInputs(2, 1, 0, 11), memory)).rejects.toThrow("in use");
  await run;
  memory.truncate(1);
  await program.run(stepInputs(2, 2, 1, 11), memory);
  expect(memory.length).toBe(3);
  expect((await memory.read("k")).shape).toEqual([2, 2, 3, 7]);
});

test("if the thread dies, waiting calls fail with a typed error and the engine is closed", async () => {
  const program = await engine.compile(tinyDecoder(), tinyWeights());
  // A compilation that waits for weights: ended inside the runtime's own code, a thread may take the process with it.
  let stall = () => {};
  const asked = new Promise<void>((resolve) => (stall = resolve));
  const stalled = () => {
    stall();
    return new Promise<never>(() => {});
  };
  const weights = { ...tinyWeights(), bytes: stalled, floats: stalled, extent: () => null };
  const waiting = engine.compile(tinyDecoder(), weights).catch((error: unknown) => error);
  await asked;
  await threadOf(engine).end();
  expect(await waiting).toBeInstanceOf(ExecutionError);
  await expect(program.run(stepInputs(2, 1, 0, 11))).rejects.toThrow(ClosedError);
  await expect(engine.compile(tinyDecoder(), tinyWeights())).rejects.toThrow(ClosedError);
  await program.close();
  await engine.close();
});

test("closing waits for the run in progress, twice is as good as once, and nothing runs afterwards", async () => {
  const { program, inputs } = await longProgram();
  const run = program.run(inputs);
  await Promise.all([engine.close(), engine.close()]);
  expect((await run)["y"]!.shape).toEqual([1021]);
  await expect(program.run(inputs)).rejects.toThrow(ClosedError);
});

test("a device that does not open leaves no thread, and the next one can have the place", async () => {
  let ended = 0;
  const settings = { engine: "tensorflow", device: { name: "t", reason: "" }, backend: "none" } as never;
  await expect(openInThread(settings, () => ended++)).rejects.toThrow();
  expect(ended).toBe(1);
});

test("one WebGPU engine a process", async () => {
  const open = () => openEngine({ device: "tensorflow-webgpu" });
  const results = await Promise.allSettled([open(), open()]);
  const refused = results.filter(({ status }) => status === "rejected");
  expect(refused.length).toBeGreaterThan(0); // the second, or both where there is no driver
  for (const result of refused) expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DeviceError);
  for (const result of results) if (result.status === "fulfilled") await result.value.close();
});
