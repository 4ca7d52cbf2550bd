/** The text encoder of CLIP (Radford et al. 2021, arXiv 2103.00020 §2.4) and OpenCLIP, by the names of their config.json. */
import { ArgumentError } from "../../base/errors.js";
import type { HubConfig } from "../hub-config.js";
import type { TextEncoderConfig } from "../text-encoder.js";

export interface ClipTextConfig extends TextEncoderConfig {
  readonly contextLength: number;
  readonly layers: number;
  readonly heads: number;
  /** Width inside the feed-forward network. */
  readonly hidden: number;
  readonly activation: "quick-gelu" | "gelu" | "gelu-tanh";
  readonly normEpsilon: number;
  /** Width of the space that texts and pictures share; null for a file without the matrix that leads there. */
  readonly projection: number | null;
  /** Where a text is pooled: at the first of the largest id, or at the first of this id. */
  readonly end: "largest" | number;
}

const ACTIVATIONS = {
  quick_gelu: "quick-gelu",
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
} as const;

/** What configurations of the first years state as the end token, by mistake; their texts are pooled at the largest id. */
const LEGACY_END = 2;

/**
 * Reads the fields of a text model; `projection` is the width of the shared space, null where the file has none. What a file leaves out
 * has the value that the reference library gives it.
 */
export function readClipTextConfig(hub: HubConfig, projection: number | null): ClipTextConfig {
  const width = hub.whole("hidden_size", 512);
  const heads = hub.whole("num_attention_heads", 8);
  if (width % heads !== 0)
    throw new ArgumentError(`${hub.where}.num_attention_heads`, `a divisor of the width ${width}`, heads);
  const activation = hub.word("hidden_act", "quick_gelu");
  if (!Object.hasOwn(ACTIVATIONS, activation))
    throw new ArgumentError(`${hub.where}.hidden_act`, `one of ${Object.keys(ACTIVATIONS).join(", ")}`, activation);
  const end = hub.whole("eos_token_id", 49_407);
  return {
    ...{ width, heads, projection },
    vocabulary: hub.whole("vocab_size", 49_408),
    hidden: hub.whole("intermediate_size", 2048),
    layers: hub.whole("num_hidden_layers", 12),
    contextLength: hub.whole("max_position_embeddings", 77),
    normEpsilon: hub.number("layer_norm_eps", 1e-5),
    activation: ACTIVATIONS[activation as keyof typeof ACTIVATIONS],
    end: end === LEGACY_END ? "largest" : end,
  };
}
