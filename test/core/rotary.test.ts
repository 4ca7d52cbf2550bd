import { expect, test } from "vitest";
import { rotaryTable1d, rotaryTable2d } from "../../src/core/rotary.js";

const shape = { headSize: 16, base: 10_000, conditionSlots: 3, condition: "zero" } as const;

test("two dimensions: row angles, then column angles; raster order behind the condition", () => {
  const table = rotaryTable2d(shape, 4);
  expect(table.shape).toEqual([19, 8, 2]);
  const slot = 3 + 2 * 4 + 3; // row 2, column 3
  const pairs = [...table.data.subarray(slot * 16, slot * 16 + 16)];
  const angles = [2, 0.2, 0.02, 0.002, 3, 0.3, 0.03, 0.003];
  angles.forEach((angle, j) => {
    expect(pairs[2 * j]).toBeCloseTo(Math.cos(angle), 6);
    expect(pairs[2 * j + 1]).toBeCloseTo(Math.sin(angle), 6);
  });
});

test("condition slots are zeros or the identity", () => {
  expect([...rotaryTable2d(shape, 2).data.subarray(0, 48)]).toEqual(Array(48).fill(0));
  const identity = rotaryTable2d({ ...shape, condition: "identity" }, 2);
  expect([...identity.data.subarray(0, 48)]).toEqual(Array(24).fill([1, 0]).flat());
  expect([...identity.data.subarray(48, 64)]).toEqual(Array(8).fill([1, 0]).flat()); // the first token does not turn
});

test("oblong grids wrap at their width", () => {
  const table = rotaryTable2d({ ...shape, conditionSlots: 0 }, 5, 2);
  expect(table.shape).toEqual([10, 8, 2]);
  expect(table.data[5 * 16]).toBeCloseTo(Math.cos(1), 6); // row 1 …
  expect(table.data[5 * 16 + 8]).toBe(1); // … column 0
});

test("head sizes of 100, as the 3B model has, and one dimension", () => {
  const table = rotaryTable2d({ ...shape, headSize: 100, conditionSlots: 0 }, 3);
  const j = 7;
  expect(table.data[3 * 100 + 2 * j + 1]).toBeCloseTo(Math.sin(10_000 ** ((-2 * j) / 50)), 6);
  const line = rotaryTable1d({ ...shape, headSize: 6, conditionSlots: 1 }, 4);
  expect(line.shape).toEqual([5, 3, 2]);
  expect(line.data[4 * 6 + 2]).toBeCloseTo(Math.cos(3 * 10_000 ** (-1 / 3)), 6);
});

test("refuses a head that cannot be split", () => {
  expect(() => rotaryTable2d({ ...shape, headSize: 18 }, 2)).toThrow("multiple of 4");
  expect(() => rotaryTable1d({ ...shape, headSize: 7 }, 2)).toThrow("multiple of 2");
});
