/** Computations with known results, by which a device shows that it works before anyone relies on it. */
import { ExecutionError } from "../base/errors.js";
import type { Engine } from "./engine.js";
import { type Graph, GraphBuilder } from "./graph.js";
import { opsOf } from "./ops/index.js";
import { f32, type Tensor } from "./tensor.js";
import { memoryCheckpoint } from "./weights/stored.js";

/**
 * Runs two small graphs on the engine. Throws ExecutionError if a result is wrong or a graph stops.
 *
 * The second one works on what the device has computed, and more of it than a backend keeps on the host by the way: tfjs-backend-webgpu
 * 4.22.0 has kernels that read such tensors through a browser's canvas.
 */
export async function selfTest(engine: Engine): Promise<void> {
  await product(engine);
  await enlarged(engine);
}

/** silu(x · weightᵀ) for x [1, 2, 3]. */
async function product(engine: Engine): Promise<void> {
  const g = new GraphBuilder("self-test");
  const o = opsOf(g);
  const x = g.input("x", [1, 2, 3]);
  const graph = g.build({ y: o.silu(o.linear(x, g.weight("weight", [2, 3]), null)) });
  const expected = [1, -1, 5, 1].map((sum) => sum / (1 + Math.exp(-sum)));
  const weights = [["weight", f32([2, 3], [1, 2, 3, -1, 0, 1])] as const];
  await compare(engine, graph, weights, f32([1, 2, 3], [1, 0, 0, 0, 1, 1]), expected);
}

const SIDE = 48;

/** 2·x + 1 for a picture x, each pixel as two by two. */
async function enlarged(engine: Engine): Promise<void> {
  const g = new GraphBuilder("self-test of large tensors");
  const o = opsOf(g);
  const x = g.input("x", [1, 1, SIDE, SIDE]);
  const graph = g.build({ y: o.resizeNearest(o.affine(x, { scale: 2, offset: 1 }), { factor: 2 }) });
  const pixels = Array.from({ length: SIDE ** 2 }, (_, i) => i % 31);
  const expected = Array.from({ length: 4 * SIDE ** 2 }, (_, i) => {
    const [row, column] = [Math.floor(i / SIDE / 4), Math.floor((i % (2 * SIDE)) / 2)];
    return 2 * pixels[row * SIDE + column]! + 1;
  });
  await compare(engine, graph, [], f32([1, 1, SIDE, SIDE], pixels), expected);
}

async function compare(
  engine: Engine,
  graph: Graph,
  weights: readonly (readonly [string, Tensor])[],
  x: Tensor,
  expected: readonly number[],
): Promise<void> {
  const program = await engine.compile(graph, memoryCheckpoint("self-test", weights));
  try {
    const { y } = await program.run({ x });
    const wrong = expected.findIndex((value, i) => !(Math.abs(y!.data[i]! - value) < 1e-3));
    if (wrong >= 0)
      throw new ExecutionError(engine.device.name, `it computed ${y!.data[wrong]} where ${expected[wrong]} is right`);
  } finally {
    await program.close();
  }
}
