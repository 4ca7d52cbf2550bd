/** Every operation on every device at hand, against the oracle that defines it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { openEngine } from "../../src/engine/open.js";
import { OPS } from "../../src/engine/ops/index.js";
import { referenceEngine } from "../../src/engine/reference.js";
import { CASES } from "./cases.js";
import { normalisedError, runCase } from "./run-case.js";
import { USABLE } from "./usable.js";

/** 1e-6 of the size of the numbers: a few roundings of float32. A wrong epsilon or formula is orders above. */
const LIMIT = 1e-12;

/** Where a device approximates more coarsely, and why. */
const LIMITS: Readonly<Record<string, number>> = {};

test("every operation has a case", () => {
  expect(new Set(CASES.map(({ op }) => op))).toEqual(new Set(Object.keys(OPS)));
});

describe.each(USABLE)("%s", (name) => {
  const reference = referenceEngine();
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ device: name });
  });
  afterAll(() => engine.close());

  test.each(CASES)("$op: $what", async (which) => {
    const expected = await runCase(reference, which);
    const found = await runCase(engine, which);
    expect(found.data.constructor).toBe(expected.data.constructor);
    expect(expected.data.every(Number.isFinite)).toBe(true);
    expect(normalisedError(found, expected)).toBeLessThanOrEqual(LIMITS[`${name} ${which.op}`] ?? LIMIT);
  });
});
