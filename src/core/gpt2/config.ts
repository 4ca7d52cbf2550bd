/** GPT-2 (Radford et al. 2019), by the names of its config.json on the Hugging Face hub. */
import { ArgumentError } from "../../base/errors.js";
import type { HubConfig } from "../hub-config.js";

export interface Gpt2Config {
  /** Begins the names of the weights in the file, such as "model.". */
  readonly prefix: string;
  readonly vocabulary: number;
  readonly width: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Positions that the model has vectors for. */
  readonly contextLength: number;
  readonly normEpsilon: number;
  readonly activation: "gelu-tanh" | "gelu" | "relu";
  /** Whether the output matrix is the table of embeddings. */
  readonly tied: boolean;
}

const ACTIVATIONS = { gelu_new: "gelu-tanh", gelu_pytorch_tanh: "gelu-tanh", gelu: "gelu", relu: "relu" } as const;

/** Reads a config.json whose `model_type` is gpt2. Throws ArgumentError for a field that cannot be. */
export function readGpt2Config(hub: HubConfig, prefix: string): Gpt2Config {
  const width = hub.whole("n_embd", 768);
  const heads = hub.whole("n_head", 12);
  if (width % heads !== 0) throw new ArgumentError(`${hub.where}.n_head`, `a divisor of the width ${width}`, heads);
  const activation = hub.word("activation_function", "gelu_new");
  if (!Object.hasOwn(ACTIVATIONS, activation))
    throw new ArgumentError(
      `${hub.where}.activation_function`,
      `one of ${Object.keys(ACTIVATIONS).join(", ")}`,
      activation,
    );
  for (const [name, usual] of [
    ["scale_attn_weights", true],
    ["scale_attn_by_inverse_layer_idx", false],
    ["add_cross_attention", false],
  ] as const)
    if (hub.flag(name, usual) !== usual) throw new ArgumentError(`${hub.where}.${name}`, String(usual), !usual);
  return {
    prefix,
    vocabulary: hub.whole("vocab_size", 50_257),
    width,
    hidden: hub.whole("n_inner", 4 * width),
    layers: hub.whole("n_layer", 12),
    heads,
    contextLength: hub.whole("n_positions", 1024),
    normEpsilon: hub.number("layer_norm_epsilon", 1e-5),
    activation: ACTIVATIONS[activation as keyof typeof ACTIVATIONS],
    tied: hub.flag("tie_word_embeddings", true),
  };
}
