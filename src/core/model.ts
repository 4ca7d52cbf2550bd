/** Opening a model: its graphs, compiled with the weights of a checkpoint. */
import type { Engine, Precision } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";
import type { Architecture, Model } from "./architecture.js";

export interface ModelOptions {
  /** How the weights of matrices are held. */
  readonly precision?: Precision | undefined;
  /** Intermediate values that the decoder gives out besides its outputs: see the graph of the architecture. */
  readonly taps?: readonly string[] | undefined;
}

/**
 * Compiles the graphs of a configuration with the weights of a checkpoint. Weights that are missing, misshapen or left over
 * are one WeightsError.
 */
export async function openModel<Config, Start, T>(
  engine: Engine,
  architecture: Architecture<Config, Start, T>,
  config: Config,
  checkpoint: Checkpoint,
  { precision, taps }: ModelOptions = {},
): Promise<Model<Config, Start, T>> {
  const conditionGraph = architecture.conditionGraph(config);
  const decoderGraph = architecture.decoderGraph(config, taps);
  settle(checkpoint, conditionGraph ? [conditionGraph, decoderGraph] : [decoderGraph], {
    ignore: architecture.dropped,
  });
  const reduced = architecture.reducesCondition ? { precision } : {};
  const condition = conditionGraph && (await engine.compile(conditionGraph, checkpoint, reduced));
  const decoder = await engine.compile(decoderGraph, checkpoint, { precision }).catch(async (failure) => {
    await condition?.close();
    throw failure;
  });
  const close = async () => {
    await condition?.close();
    await decoder.close();
  };
  return { architecture, config, condition, decoder, close, [Symbol.asyncDispose]: close };
}
