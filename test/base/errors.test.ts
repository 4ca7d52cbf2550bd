import { describe, expect, test } from "vitest";
import { checkName, withDefaults } from "../../src/base/check.js";
import {
  ArgumentError,
  DeviceError,
  InputError,
  OutputError,
  TesseraError,
  UnknownNameError,
} from "../../src/base/errors.js";
import { fields } from "../../src/base/fields.js";
import { nearest } from "../../src/base/nearest.js";
import { described } from "../../src/base/words.js";

const thrownBy = (run: () => unknown): Error => {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
};

test.each([
  [described("a picture of 60 x 40"), "a picture of 60 x 40"],
  ["three", '"three"'],
  ["", "an empty text"],
  ["x".repeat(61), `"${"x".repeat(60)}…" (61 characters)`],
  [3, "3"],
  [3n, "3n"],
  [undefined, "undefined"],
  [null, "null"],
  [[1, 2], "an array of 2"],
  [new Uint8Array(5), "5 bytes"],
  [new Uint8Array(), "no bytes"],
  [{}, "an object"],
  [Object.create(null), "an object"],
  [new URL("file:///x"), "an object of the class URL"],
  [() => 1, "a function"],
  [Symbol("s"), "Symbol(s)"],
])("ArgumentError says %o in words", (received, words) => {
  expect(new ArgumentError("x", "a number", received).message).toContain(`but received ${words}.\n`);
});

test("a description is kept as its text", () => {
  expect(new ArgumentError("image", "a square", described("a picture of 60 x 40")).received).toBe(
    "a picture of 60 x 40",
  );
});

describe("names that were mistyped", () => {
  test.each([
    ["promt", ["prompt", "seed"], ["prompt"]],
    ["fluent3d", ["flat", "fluent-3d"], ["fluent-3d"]],
    ["next-scal", ["next-token", "next-scale", "next-neighbor"], ["next-scale"]],
    ["sede", ["seed", "size"], ["seed"]],
    ["x", ["n", "seed"], ["n"]],
    ["watercolour", ["flat", "3d"], []],
    ["p".repeat(100_000), ["prompt"], []],
  ])("%s among %o", (word, names, expected) => {
    expect(nearest(word, names)).toEqual(expected);
  });

  test("are suggested for names, options and fields", () => {
    expect(thrownBy(() => checkName("style", "flt", ["flat", "3d"])).message).toContain('Did you mean "flat"?');
    const option = thrownBy(() => withDefaults("saveFrames", { fps: 8 }, { fsp: 9 } as never));
    expect(option).toMatchObject({ code: "argument", argument: "saveFrames.fsp" });
    expect(option.message).toContain('Did you mean "fps"?');
    const of = fields({ kind: "cirle", colr: 1 }, "x.json");
    expect(thrownBy(() => of.word("kind", ["circle", "square"])).message).toContain('Did you mean "circle"?');
    of.take("color");
    expect(thrownBy(() => of.finish()).message).toContain('Did you mean "color"?');
  });
});

test("no control character of a caller or a file gets into a message", () => {
  const hostile = "\u001b[31m\u0007\u009b2J\u202e\u0000\r\n\u2028end";
  const errors: TesseraError[] = [
    new ArgumentError(hostile, hostile, hostile, hostile),
    new ArgumentError("x", "y", described(hostile)),
    new UnknownNameError(hostile, hostile, [hostile]),
    new InputError(hostile, hostile, hostile),
    new OutputError(hostile, hostile, hostile),
    new DeviceError(hostile, hostile, hostile),
  ];
  for (const { message, remedy } of errors)
    expect(message + remedy).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/);
});

test("a message is bounded, and keeps its beginning and its end", () => {
  const { message } = new OutputError("/x", `begin${"y".repeat(20_000_000)}end`, "z".repeat(1_000_000));
  expect(message.length).toBeLessThan(20_000);
  expect(message).toMatch(/begin.*characters left out.*end\.\n/s);
});

test("isInstance knows its class, in this copy of the package and in another", () => {
  const error: unknown = new ArgumentError("n", "a number", "x");
  expect([TesseraError.isInstance(error), ArgumentError.isInstance(error), DeviceError.isInstance(error)]).toEqual([
    true,
    true,
    false,
  ]);
  // What another copy of the package throws shares no prototype, only the marker and the code.
  const foreign = Object.assign(new Error("…"), { [Symbol.for("tessera-sdk.error")]: true, code: "argument" });
  expect(foreign).not.toBeInstanceOf(ArgumentError);
  expect([
    TesseraError.isInstance(foreign),
    ArgumentError.isInstance(foreign),
    DeviceError.isInstance(foreign),
  ]).toEqual([true, true, false]);
  for (const other of [null, undefined, 3, "x", new Error("x"), {}]) expect(TesseraError.isInstance(other)).toBe(false);
});
