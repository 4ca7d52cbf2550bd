/** Programs that are compiled when they are first asked for: generation needs the decoder, only editing the encoder. */
import type { Engine, Precision, Program } from "../engine/engine.js";
import type { Graph } from "../engine/graph.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";

export interface LazyProgram {
  /** The program, compiled once; a failure is not remembered. */
  get(): Promise<Program>;
  close(): Promise<void>;
}

/** `graph` with the weights of `checkpoint`, which stays open until the first use. */
export function compiledOnce(
  engine: Engine,
  graph: Graph,
  checkpoint: Checkpoint,
  precision: Precision = "f32",
): LazyProgram {
  let program: Promise<Program> | null = null;
  return {
    get() {
      program ??= engine.compile(graph, checkpoint, { precision }).catch((error: unknown) => {
        program = null;
        throw error;
      });
      return program;
    },
    async close() {
      await (await program)?.close();
      program = null;
    },
  };
}
