/** VAR: next-scale transformers. */
import type { Architecture, Model } from "../architecture.js";
import type { Cell } from "../decode/next-scale.js";
import { scaleConditionGraph } from "./condition.js";
import { type ScaleConfig, scaleObjective } from "./config.js";
import { feedScales, type ScaleStart } from "./feeder.js";
import { scaleDecoderGraph } from "./graph.js";

/** A transformer whose tokens stand on grids of growing sides. */
export type ScaleTransformer = Model<ScaleConfig, ScaleStart, Cell>;

export const VAR: Architecture<ScaleConfig, ScaleStart, Cell> = {
  name: "var",
  objective: scaleObjective,
  conditionGraph: scaleConditionGraph,
  decoderGraph: scaleDecoderGraph,
  predicts: "logits",
  // A third of all weights belongs to the condition where each layer has its own modulation.
  reducesCondition: true,
  // The level of each position and the mask over all of them, which follow from the sides; zeros.
  dropped: [/^lvl_1L$/, /^attn_bias_for_masking$/, /^blocks\.\d+\.attn\.zero_k_bias$/],
  feed: feedScales,
};
