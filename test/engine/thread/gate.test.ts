import { expect, test } from "vitest";
import { ClosedError } from "../../../src/base/errors.js";
import { newGate, shutOnExit, through } from "../../../src/engine/thread/gate.js";

const exitListeners = () => process.listeners("exit") as ((code: number) => void)[];

test("a shut gate refuses calls, an open one hands their results and errors on", async () => {
  const gate = newGate();
  const native = through(gate);
  expect(await native(() => 3)).toBe(3);
  await expect(native(() => Promise.reject(new RangeError("native")))).rejects.toThrow(RangeError);
  const before = exitListeners();
  const forget = shutOnExit(gate);
  const [shut] = exitListeners().filter((listener) => !before.includes(listener));
  expect(exitListeners()[0]).toBe(shut); // before the listeners of the application
  shut!(0);
  await expect(native(() => 3)).rejects.toThrow(ClosedError);
  forget();
  expect(exitListeners()).toEqual(before);
});

test("one listener serves all engines of a process", () => {
  const before = exitListeners().length;
  const forget = Array.from({ length: 20 }, () => shutOnExit(newGate()));
  expect(exitListeners().length).toBe(before + 1);
  for (const end of forget) end();
  expect(exitListeners().length).toBe(before);
});
