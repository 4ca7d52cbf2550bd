import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "../../../src/engine/engine.js";
import { openTensorflow } from "../../../src/engine/tensorflow/executor.js";
import { stepInputs, tinyDecoder, tinyWeights } from "../tiny-decoder.js";

let engine: Engine;
let before: number;
beforeEach(async () => {
  engine = await openTensorflow({ device: { name: "tensorflow-cpu", reason: "test" }, backend: "cpu" });
  before = tf.memory().numTensors;
});
afterEach(() => engine.close());

test("no tensor outlives its run, and none outlives the program", async () => {
  const program = await engine.compile(tinyDecoder(), tinyWeights());
  const held = tf.memory().numTensors;
  expect(held).toBeGreaterThan(before);
  const memory = await program.allocate({ B: 2, S: 7 });
  await program.run(stepInputs(2, 3, 0, 7), memory);
  await program.run(stepInputs(2, 1, 3, 7), memory);
  expect(tf.memory().numTensors).toBe(held);
  const wrong = stepInputs(2, 1, 4, 7);
  wrong["ids"]!.data.fill(1_000_000); // no such row in the table
  await program.run(wrong, memory).catch(() => {});
  expect(tf.memory().numTensors).toBe(held);
  await program.close();
  expect(tf.memory().numTensors).toBe(before);
});

test("closing the engine closes its programs", async () => {
  await engine.compile(tinyDecoder(), tinyWeights(), { precision: "q8" });
  await engine.close();
  expect(tf.memory().numTensors).toBe(before);
});
