/** The encoder of T5 (Raffel et al. 2020, arXiv 1910.10683 §2.1), its version 1.1 and flan-T5, by the names of their config.json. */
import { ArgumentError } from "../../base/errors.js";
import type { HubConfig } from "../hub-config.js";
import type { TextEncoderConfig } from "../text-encoder.js";

export interface T5Config extends TextEncoderConfig {
  /** The name of the table of embeddings in the file: "shared.weight", or that of files which hold an encoder alone. */
  readonly table: string;
  readonly layers: number;
  readonly heads: number;
  /** heads · headSize may differ from the width. */
  readonly headSize: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  /** wo(relu(wi x)), or wo(gelu(wi_0 x) · wi_1 x) with gelu in its tanh approximation. */
  readonly feedForward: "relu" | "gated-gelu";
  readonly distances: DistanceBuckets;
  readonly normEpsilon: number;
}

/** How distances between tokens fall into buckets. */
export interface DistanceBuckets {
  /** Even: half of them are for keys after the query. */
  readonly buckets: number;
  /** From here on all distances share the last bucket. */
  readonly most: number;
}

const FEED_FORWARDS = ["relu", "gated-gelu"] as const;

/** Reads a config.json whose `model_type` is t5; what a file leaves out has the value that the reference library gives it. */
export function readT5Config(hub: HubConfig, table: string): T5Config {
  const feedForward = hub.word("feed_forward_proj", "relu") as T5Config["feedForward"];
  if (!FEED_FORWARDS.includes(feedForward))
    throw new ArgumentError(`${hub.where}.feed_forward_proj`, `one of ${FEED_FORWARDS.join(", ")}`, feedForward);
  const buckets = hub.whole("relative_attention_num_buckets", 32);
  const most = hub.whole("relative_attention_max_distance", 128);
  if (buckets % 2 !== 0 || buckets < 4)
    throw new ArgumentError(`${hub.where}.relative_attention_num_buckets`, "an even number from 4 on", buckets);
  const exact = Math.floor(buckets / 4); // distances with a bucket of their own, on each side
  if (most <= exact)
    throw new ArgumentError(`${hub.where}.relative_attention_max_distance`, `more than ${exact}`, most);
  return {
    ...{ table, feedForward, distances: { buckets, most }, contextLength: null },
    vocabulary: hub.whole("vocab_size", 32_128),
    width: hub.whole("d_model", 512),
    layers: hub.whole("num_layers", 6),
    heads: hub.whole("num_heads", 8),
    headSize: hub.whole("d_kv", 64),
    hidden: hub.whole("d_ff", 2048),
    normEpsilon: hub.number("layer_norm_epsilon", 1e-6),
  };
}
