/** A next-scale transformer that is ready to run: read-only and shared by all its sessions. */
import type { Engine } from "../engine/engine.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { settle } from "../engine/weights/settle.js";
import { type Opened, openedWith, type TransformerOptions } from "./model.js";
import { scaleConditionGraph } from "./scale-condition.js";
import type { ScaleConfig } from "./scale-configs.js";
import { scaleDecoderGraph } from "./scale-transformer.js";

/** Its programs are those of scaleConditionGraph and scaleDecoderGraph. */
export type ScaleTransformer = Opened<ScaleConfig>;

/** In the files and not needed: the level of each position and the mask over all of them, which follow from the sides; zeros. */
const DERIVED: readonly RegExp[] = [/^lvl_1L$/, /^attn_bias_for_masking$/, /^blocks\.\d+\.attn\.zero_k_bias$/];

/**
 * Compiles the graphs of a configuration with the weights of a checkpoint. Weights that are missing, misshapen or left over
 * are one WeightsError. `taps`: see scaleDecoderGraph.
 */
export async function openScaleTransformer(
  engine: Engine,
  config: ScaleConfig,
  checkpoint: Checkpoint,
  { precision, taps }: TransformerOptions = {},
): Promise<ScaleTransformer> {
  const graphs = { condition: scaleConditionGraph(config), decoder: scaleDecoderGraph(config, taps) };
  settle(checkpoint, Object.values(graphs), { ignore: DERIVED });
  // A third of all weights belongs to the condition where each layer has its own modulation, so precision is for both.
  const condition = await engine.compile(graphs.condition, checkpoint, { precision });
  return openedWith(config, condition, () => engine.compile(graphs.decoder, checkpoint, { precision }));
}
