/** A computation with a known result, by which a device shows that it works before anyone relies on it. */
import { ExecutionError } from "../base/errors.js";
import type { Engine } from "./engine.js";
import { GraphBuilder } from "./graph.js";
import { opsOf } from "./ops/index.js";
import { f32 } from "./tensor.js";
import { memoryCheckpoint } from "./weights/stored.js";

/** Runs silu(x · weightᵀ) for x [1, 2, 3] on the engine. Throws ExecutionError if the result is wrong. */
export async function selfTest(engine: Engine): Promise<void> {
  const g = new GraphBuilder("self-test");
  const o = opsOf(g);
  const x = g.input("x", [1, 2, 3]);
  const graph = g.build({ y: o.silu(o.linear(x, g.weight("weight", [2, 3]), null)) });
  const weights = memoryCheckpoint("self-test", [["weight", f32([2, 3], [1, 2, 3, -1, 0, 1])]]);
  const program = await engine.compile(graph, weights);
  try {
    const { y } = await program.run({ x: f32([1, 2, 3], [1, 0, 0, 0, 1, 1]) });
    const expected = [1, -1, 5, 1].map((sum) => sum / (1 + Math.exp(-sum)));
    const wrong = expected.findIndex((value, i) => !(Math.abs(y!.data[i]! - value) < 1e-3));
    if (wrong >= 0)
      throw new ExecutionError(engine.device.name, `it computed ${y!.data[wrong]} where ${expected[wrong]} is right`);
  } finally {
    await program.close();
  }
}
