/** The oracles themselves against PyTorch: test/fixtures/engine/make-oracles.py made the numbers. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { opNamed } from "../../src/engine/ops/index.js";
import { sizeOf, type Tensor } from "../../src/engine/tensor.js";
import { normalisedError } from "./run-case.js";

interface Row {
  readonly op: string;
  readonly inputs: readonly ({ key: number; shape: number[] } | null)[];
  readonly attributes: object;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const file = new URL("../fixtures/engine/oracles.json", import.meta.url);
const rows: readonly Row[] = JSON.parse(readFileSync(file, "utf8"));

function wave({ key, shape }: { key: number; shape: readonly number[] }): Tensor {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(0.37 * i + key)) };
}

test.each(rows)("$op $attributes", ({ op, inputs, attributes, shape, data }) => {
  const found = opNamed(op).oracle(
    inputs.map((input) => input && wave(input)),
    attributes,
  );
  expect(normalisedError(found, { shape, data: Float32Array.from(data) })).toBeLessThan(1e-14);
});
