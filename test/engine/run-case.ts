/** One case of the table as a graph of one operation, run on an engine. */
import type { Engine, Precision } from "../../src/engine/engine.js";
import { GraphBuilder } from "../../src/engine/graph.js";
import { opNamed } from "../../src/engine/ops/index.js";
import { dtypeOf, type Tensor } from "../../src/engine/tensor.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";
import type { Case } from "./cases.js";

/** The graph of a case: its inputs are named x0, x1, … in order, its output y. */
export function graphOf({ op, inputs, attributes }: Case) {
  const g = new GraphBuilder(op);
  const values = inputs.map((fed, i) => {
    if (fed === null) return null;
    return fed.as === "weight" ? g.weight(`x${i}`, fed.tensor.shape) : g.input(`x${i}`, fed.dims, dtypeOf(fed.tensor));
  });
  return g.build({ y: g.apply(opNamed(op), values, attributes) });
}

export async function runCase(engine: Engine, which: Case, precision: Precision = "f32"): Promise<Tensor> {
  const named = which.inputs.flatMap((fed, i) => (fed ? [{ name: `x${i}`, ...fed }] : []));
  const weights = named.filter(({ as }) => as === "weight").map(({ name, tensor }) => [name, tensor] as const);
  const inputs = named.filter(({ as }) => as === "input").map(({ name, tensor }) => [name, tensor] as const);
  const program = await engine.compile(graphOf(which), memoryCheckpoint("case", weights), { precision });
  try {
    return (await program.run(Object.fromEntries(inputs))).y!;
  } finally {
    await program.close();
  }
}

/** Sum of squared differences over sum of squares: no tolerance to tune by the size of the numbers. */
export function normalisedError(found: Tensor, expected: Tensor): number {
  if (found.shape.join() !== expected.shape.join())
    throw new Error(`shape [${found.shape}] instead of [${expected.shape}]`);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.data.length; i++) {
    difference += (found.data[i]! - expected.data[i]!) ** 2;
    size += expected.data[i]! ** 2;
  }
  return difference === 0 ? 0 : difference / size; // NaN and missing numbers stay NaN
}
