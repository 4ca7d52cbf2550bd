/**
 * The configuration of a Llama-like model out of the config.json of its folder on the Hugging Face hub: one row for each
 * `model_type`, in the names of those files. What a file leaves out has the value that the reference library gives it.
 */
import { isNumberIn } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import type { HubConfig } from "../hub-config.js";
import type { LlamaConfig, LlamaLayer } from "./config.js";
import type { Rope, RopeScaling } from "./rope.js";

/** What a model type is, beyond plain Llama, and what its files may leave out. */
type Row = (hub: HubConfig) => Partial<LlamaConfig> & {
  /** Keys that windowed layers see, and which layers are windowed; none if left out. */
  readonly window?: { readonly size: number | null; readonly on: (layer: number) => boolean };
  /** Where files do not state these. */
  readonly missing?: { readonly headSize?: number; readonly tied?: boolean; readonly epsilon?: number };
};

const everyLayer = () => true;

/** Qwen's windows: only where `use_sliding_window` says so, and only from `max_window_layers` on. */
const qwenWindow = (hub: HubConfig) => ({
  size: hub.flag("use_sliding_window", false) ? hub.whole("sliding_window", 4096) : null,
  on: (layer: number) => layer >= hub.whole("max_window_layers", 28),
});

const gemma = (hub: HubConfig) =>
  ({
    normScale: "1 + weight",
    embeddingScale: Math.fround(Math.sqrt(hub.whole("hidden_size"))),
    activation: activationOf(hub.word("hidden_activation", "gelu_pytorch_tanh")),
    missing: { headSize: 256, tied: true },
  }) as const;

const scaledByConfig = (hub: HubConfig) => hub.number("query_pre_attn_scalar", 256) ** -0.5;

export const LLAMA_TYPES: Readonly<Record<string, Row>> = {
  llama: (hub) => {
    const attention = hub.flag("attention_bias", false);
    return { biases: { qkv: attention, output: attention, feedForward: hub.flag("mlp_bias", false) } };
  },
  mistral: (hub) => ({ window: { size: hub.wholeOrNull("sliding_window", 4096), on: everyLayer } }),
  qwen2: (hub) => ({
    biases: { qkv: true, output: false, feedForward: false },
    window: qwenWindow(hub),
  }),
  qwen3: (hub) => {
    const attention = hub.flag("attention_bias", false);
    return {
      headNorms: true,
      biases: { qkv: attention, output: attention, feedForward: false },
      window: qwenWindow(hub),
      missing: { headSize: 128 },
    };
  },
  gemma: (hub) => gemma(hub),
  gemma2: (hub) => ({
    ...gemma(hub),
    norms: "around",
    attentionScale: scaledByConfig(hub),
    attentionCap: hub.numberOrNull("attn_logit_softcapping", 50),
    logitCap: hub.numberOrNull("final_logit_softcapping", 30),
    window: { size: hub.wholeOrNull("sliding_window", 4096), on: (layer) => layer % 2 === 0 },
  }),
  gemma3_text: (hub) => {
    const pattern = hub.whole("sliding_window_pattern", 6);
    return {
      ...gemma(hub),
      norms: "around",
      headNorms: true,
      attentionScale: scaledByConfig(hub),
      attentionCap: hub.numberOrNull("attn_logit_softcapping", null),
      logitCap: hub.numberOrNull("final_logit_softcapping", null),
      window: { size: hub.wholeOrNull("sliding_window", 4096), on: (layer) => (layer + 1) % pattern !== 0 },
    };
  },
  phi3: (hub) => ({
    projections: "fused",
    window: { size: hub.wholeOrNull("sliding_window", null), on: everyLayer },
    missing: { epsilon: 1e-5 },
  }),
};

/** The configuration in a hub's config.json whose `model_type` is a row of LLAMA_TYPES. Throws ArgumentError for a field that cannot be. */
export function readLlamaConfig(hub: HubConfig, prefix = "model."): LlamaConfig {
  const { window, missing, ...row } = LLAMA_TYPES[hub.modelType]!(hub);
  const width = hub.whole("hidden_size");
  const heads = hub.whole("num_attention_heads");
  const headSize = hub.whole("head_dim", missing?.headSize ?? Math.floor(width / heads));
  const kvHeads = hub.whole("num_key_value_heads", heads);
  if (heads % kvHeads !== 0)
    throw new ArgumentError(`${hub.where}.num_key_value_heads`, `a divisor of the ${heads} heads`, kvHeads);
  const ropes = ropesOf(hub, headSize);
  return {
    prefix,
    vocabulary: hub.whole("vocab_size"),
    width,
    hidden: hub.whole("intermediate_size"),
    heads,
    kvHeads,
    headSize,
    contextLength: contextLengthOf(hub),
    layers: weightedLayers(hub, window ?? { size: null, on: () => false }, "local" in ropes),
    ropes,
    normEpsilon: hub.number("rms_norm_eps", missing?.epsilon ?? 1e-6),
    normScale: "weight",
    norms: "before",
    headNorms: false,
    biases: { qkv: false, output: false, feedForward: false },
    projections: "separate",
    activation: row.activation ?? activationOf(hub.word("hidden_act", "silu")),
    attentionScale: headSize ** -0.5,
    attentionCap: null,
    logitCap: null,
    embeddingScale: 1,
    tied: hub.flag("tie_word_embeddings", missing?.tied ?? false),
    ...row,
  };
}

const contextLengthOf = (hub: HubConfig) => hub.whole("max_position_embeddings", 2048);

const ACTIVATIONS = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_pytorch_tanh: "gelu-tanh",
  gelu_new: "gelu-tanh",
  relu: "relu",
} as const;

function activationOf(name: string): LlamaConfig["activation"] {
  if (Object.hasOwn(ACTIVATIONS, name)) return ACTIVATIONS[name as keyof typeof ACTIVATIONS];
  throw new ArgumentError("config.json.hidden_act", `one of ${Object.keys(ACTIVATIONS).join(", ")}`, name);
}

/** Newer files list the `layer_types`; in older ones the row knows. */
function weightedLayers(
  hub: HubConfig,
  { size, on }: { readonly size: number | null; readonly on: (layer: number) => boolean },
  localRope: boolean,
): LlamaLayer[] {
  const listed = hub.list("layer_types");
  const most = size !== null && size < contextLengthOf(hub) ? size : null; // a window of all positions is none
  return Array.from({ length: hub.whole("num_hidden_layers") }, (_, i) => {
    const windowed = listed ? listed[i] === "sliding_attention" : size !== null && on(i);
    return { window: windowed ? most : null, rope: windowed && localRope ? "local" : "global" };
  });
}

/** The rotary positions of layers that see all ("global"), and where they differ, of windowed ones ("local"). */
function ropesOf(hub: HubConfig, headSize: number): Readonly<Record<string, Rope>> {
  const given = hub.object("rope_parameters");
  const share = hub.number("partial_rotary_factor", given?.number("partial_rotary_factor", 1) ?? 1);
  const size = Math.trunc(headSize * share);
  if (size % 2 !== 0 || size < 2 || size > headSize)
    throw new ArgumentError(`${hub.where}.head_dim`, "a size of which an even number of elements turns", headSize);
  const gemma3 = hub.modelType === "gemma3_text";
  const [global, local] = [given?.object("full_attention") ?? given, given?.object("sliding_attention")];
  const rope = (from: HubConfig | null, base: number): Rope => ({
    base: from?.number("rope_theta", base) ?? base,
    size,
    scaling: scalingOf(hub, from ?? hub.object("rope_scaling"), size),
  });
  const ropes = { global: rope(global, hub.number("rope_theta", gemma3 ? 1e6 : 10_000)) };
  if (!gemma3) return ropes;
  const localBase = local?.number("rope_theta", 10_000) ?? hub.number("rope_local_base_freq", 10_000);
  return { ...ropes, local: { base: localBase, size, scaling: { kind: "none" } } };
}

function scalingOf(hub: HubConfig, scaling: HubConfig | null, size: number): RopeScaling {
  if (!scaling) return { kind: "none" };
  const kind = scaling.word("rope_type", scaling.word("type", "default"));
  const most = contextLengthOf(hub);
  const original = () =>
    scaling.whole("original_max_position_embeddings", hub.whole("original_max_position_embeddings", most));
  const factor = () => scaling.number("factor", undefined, isNumberIn(1, 1e6));
  switch (kind) {
    case "default":
      return { kind: "none" };
    case "linear":
      return { kind, factor: factor() };
    case "llama3": {
      const [low, high] = [scaling.number("low_freq_factor"), scaling.number("high_freq_factor")];
      if (!(low < high)) throw new ArgumentError(`${scaling.where}.low_freq_factor`, `less than ${high}`, low);
      return { kind, factor: factor(), low, high, original: original() };
    }
    case "longrope":
    case "su": {
      const stretch = most / original();
      const grown = stretch <= 1 ? 1 : Math.sqrt(1 + Math.log(stretch) / Math.log(original()));
      const factors = (name: string) => scaling.numbers(name, size / 2);
      return {
        kind: "longrope",
        short: factors("short_factor"),
        long: factors("long_factor"),
        original: original(),
        magnitude: scaling.number("attention_factor", grown),
      };
    }
    case "dynamic":
      return { kind, factor: factor(), original: most };
    case "yarn":
      return {
        kind,
        factor: factor(),
        original: original(),
        fast: scaling.number("beta_fast", 32),
        slow: scaling.number("beta_slow", 1),
        magnitude: scaling.number("attention_factor", 0.1 * Math.log(factor()) + 1),
      };
    default:
      throw new ArgumentError(
        `${scaling.where}.rope_type`,
        "one of default, linear, llama3, longrope, dynamic, yarn",
        kind,
      );
  }
}
