/** LlamaGen and what was built on it: NAR, PAR, and the small siblings of the embedded models. */
import type { Architecture, Model } from "../architecture.js";
import type { Condition } from "../condition.js";
import { conditionGraph } from "./condition.js";
import { objectiveOf, type TransformerConfig } from "./config.js";
import { feedTransformer } from "./feeder.js";
import { decoderGraph } from "./graph.js";

/** A transformer whose tokens stand on one grid. */
export type Transformer = Model<TransformerConfig, Condition, number>;

export const LLAMAGEN: Architecture<TransformerConfig, Condition, number> = {
  name: "llamagen",
  objective: objectiveOf,
  conditionGraph,
  decoderGraph,
  predicts: "logits",
  reducesCondition: false,
  // The rotary table that some files carry, and the caches of a model that was saved after it had generated.
  dropped: [/^freqs_cis$/, /^layers\.\d+\.attention\.kv_cache\.[kv]_cache$/],
  feed: feedTransformer,
};
