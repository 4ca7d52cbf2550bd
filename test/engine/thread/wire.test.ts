import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ArgumentError, DeviceError, TesseraError } from "../../../src/base/errors.js";
import { revive, toFailure } from "../../../src/engine/thread/failure.js";
import { Moved, type Port, Wire } from "../../../src/engine/thread/wire.js";

type Theirs = {
  double(x: number): Promise<number>;
  give(size: number): Promise<Moved<Float32Array>>;
  fail(kind: string): Promise<never>;
  never(): Promise<void>;
};

let channel: MessageChannel;
let wire: Wire<Theirs>;
const busy: boolean[] = [];
let given: Float32Array<ArrayBuffer>;

beforeEach(() => {
  channel = new MessageChannel();
  busy.length = 0;
  const answers: Theirs = {
    double: async (x) => 2 * x,
    give: async (size) => {
      given = new Float32Array(size).fill(3);
      return new Moved(given, [given.buffer]);
    },
    fail: async (kind) => {
      if (kind === "device") throw new DeviceError("webgpu", "no adapter", "Install one.");
      if (kind === "argument") throw new ArgumentError("x", "a number", () => 1);
      throw new RangeError("plain");
    },
    never: () => new Promise(() => {}),
  };
  new Wire(channel.port2 as Port, answers);
  wire = new Wire<Theirs>(channel.port1 as Port, {}, (some) => busy.push(some));
});

afterEach(() => channel.port1.close());

test("calls find their own results, and tell when somebody waits", async () => {
  expect(await Promise.all([1, 2, 3].map((x) => wire.call("double", x)))).toEqual([2, 4, 6]);
  expect(busy).toEqual([true, false]);
});

test("a moved result is not copied", async () => {
  expect(await wire.call("give", 5)).toEqual(new Float32Array(5).fill(3));
  expect(given.length).toBe(0);
});

test("errors arrive as their own class with their fields, and others as plain errors", async () => {
  const error = await wire.call("fail", "device").catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DeviceError);
  expect(error).toBeInstanceOf(TesseraError);
  expect(error).toMatchObject({ code: "device", device: "webgpu", reason: "no adapter", remedy: "Install one." });
  expect((error as Error).message).toContain('The device "webgpu" cannot be used: no adapter.');
  await expect(wire.call("fail", "argument")).rejects.toThrow(ArgumentError); // its field `received` is a function
  await expect(wire.call("fail", "plain")).rejects.toThrow("plain");
});

test("every unanswered call can be failed at once", async () => {
  const waiting = [wire.call("never", undefined as never), wire.call("never", undefined as never)];
  wire.fail(new Error("lost"));
  expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("a failure survives even if it is no error", () => {
  expect(revive(toFailure("just text")).message).toBe("just text");
});
