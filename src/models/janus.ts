/**
 * Janus' folders as the hub has them: the authors' own ("multi_modality") and converted ones ("janus"). One file, or one index, holds
 * all weights: of the transformer, of the codec, and of a vision tower that drawing needs not.
 */
import { isIntegerIn } from "../base/check.js";
import { ArgumentError, WeightsError } from "../base/errors.js";
import { type HubConfig, hubConfig } from "../core/hub-config.js";
import { type JanusConfig, promptSlots } from "../core/janus/config.js";
import { readLlamaConfig } from "../core/llama/read-config.js";
import type { Checkpoint } from "../engine/weights/checkpoint.js";
import { type Rename, renamed } from "../engine/weights/views.js";
import { parseVqConfig, VQ_CONFIGS, type VqConfig } from "../tokenizers/image/vq-config.js";

/** What a folder draws with. */
export interface JanusNetworks {
  readonly transformer: JanusConfig;
  readonly tokenizer: VqConfig;
}

/** What the reference library takes where a configuration of a Llama does not say; Janus-Pro-7B leaves most to it. */
const LLAMA_DEFAULTS = {
  hidden_size: 4096,
  intermediate_size: 11_008,
  num_attention_heads: 32,
  num_hidden_layers: 32,
  vocab_size: 32_000,
};

/** Cells of a side of every published model: 384 pixels in squares of 16. */
const PUBLISHED_GRID = 24;

/** By `model_type`. */
const READERS: Readonly<Record<string, (hub: HubConfig) => JanusNetworks>> = {
  multi_modality(hub) {
    const params = (part: string) => within(within(hub, part), "params");
    const [head, codec, aligner] = [
      params("gen_head_config"),
      params("gen_vision_config"),
      params("gen_aligner_config"),
    ];
    if (aligner.whole("depth", 2) !== 2 || aligner.word("projector_type", "mlp_gelu") !== "mlp_gelu")
      throw new ArgumentError(`${aligner.where}.projector_type`, '"mlp_gelu" of depth 2', aligner.json);
    const { ch, multipliers, resBlocks, zChannels } = VQ_CONFIGS["vq-ds16"]; // stated by the authors' code alone
    return networks({
      ...{ hub, body: within(hub, "language_config"), headWidth: head.whole("image_token_embed") },
      grid: codec.whole("num_patches", PUBLISHED_GRID),
      codec: {
        ...{ codeDim: codec.whole("n_embed"), vocab: codec.whole("image_token_size") },
        ...{ ch: codec.whole("ch", ch), multipliers: codec.list("ch_mult") ?? multipliers },
        ...{ resBlocks: codec.whole("num_res_blocks", resBlocks), zChannels: codec.whole("z_channels", zChannels) },
      },
    });
  },
  janus(hub) {
    const codec = within(hub, "vq_config");
    if (codec.flag("double_latent", false))
      throw new ArgumentError(`${codec.where}.double_latent`, "false", true, "No published Janus has such a codec.");
    const { ch, multipliers, resBlocks, zChannels } = VQ_CONFIGS["vq-ds16"];
    return networks({
      ...{ hub, body: within(hub, "text_config"), headWidth: codec.whole("projection_dim") },
      grid: codec.whole("num_patches", PUBLISHED_GRID),
      codec: {
        ...{ codeDim: codec.whole("embed_dim"), vocab: codec.whole("num_embeddings") },
        ...{ ch: codec.whole("base_channels", ch), multipliers: codec.list("channel_multiplier") ?? multipliers },
        resBlocks: codec.whole("num_res_blocks", resBlocks),
        zChannels: codec.whole("latent_channels", zChannels),
      },
    });
  },
};

/** The values of `model_type` of such folders. */
export const JANUS_TYPES: readonly string[] = Object.keys(READERS);

/** Reads a parsed config.json whose `model_type` is one of JANUS_TYPES. Throws ArgumentError for a field that cannot be. */
export function readJanusConfig(json: unknown, where = "config.json"): JanusNetworks {
  const hub = hubConfig(json, where);
  const reader = Object.hasOwn(READERS, hub.modelType) ? READERS[hub.modelType] : undefined;
  if (!reader) throw new ArgumentError(`${where}.model_type`, `one of ${JANUS_TYPES.join(", ")}`, hub.modelType);
  return reader(hub);
}

interface Found {
  readonly hub: HubConfig;
  readonly body: HubConfig;
  readonly headWidth: number;
  readonly grid: number;
  readonly codec: Readonly<Record<"codeDim" | "vocab" | "ch" | "multipliers" | "resBlocks" | "zChannels", unknown>>;
}

function networks({ hub, body, headWidth, grid, codec }: Found): JanusNetworks {
  const llama = { ...LLAMA_DEFAULTS, ...body.json, model_type: "llama" };
  const config = readLlamaConfig(hubConfig(llama, body.where), `${BODY}.`);
  const tokenizer = parseVqConfig(`${hub.where} (its codec)`, { channels: 3, patch: 1, groups: 32, ...codec });
  if (!isIntegerIn(1, 1024)(grid))
    throw new ArgumentError(`${hub.where} (num_patches)`, "a whole number from 1 to 1024", grid);
  const slots = promptSlots(config, grid, `${body.where}.max_position_embeddings`);
  return {
    transformer: {
      ...{ body: config, vocabulary: tokenizer.vocab, codeDim: tokenizer.codeDim, headWidth, grid },
      condition: { kind: "prompt", slots, vocabulary: config.vocabulary },
    },
    tokenizer,
  };
}

function within(hub: HubConfig, name: string): HubConfig {
  const found = hub.object(name);
  if (!found) throw new ArgumentError(`${hub.where}.${name}`, "an object", hub.json[name]);
  return found;
}

/** The names by which core/janus knows the body. */
const BODY = "language_model.model";

/** A family of names: a tensor that every such file has, and how its names become the authors' own, part by part. */
interface Names {
  readonly known: string;
  readonly transformer: readonly Rename[];
  readonly codec: readonly Rename[];
  /** What only understanding pictures and writing text needs. */
  readonly beside: RegExp;
}

const NAMES: readonly Names[] = [
  {
    known: "gen_embed.weight",
    transformer: [[/^(?=language_model\.model\.|gen_(?:embed|aligner|head)\.)/, ""]],
    codec: [[/^gen_vision_model\./, ""]],
    beside: /^(?:vision_model|aligner|language_model\.lm_head)\./,
  },
  {
    known: "model.generation_embeddings.weight",
    transformer: [
      [/^model\.language_model\./, `${BODY}.`],
      [/^model\.generation_embeddings\./, "gen_embed."],
      [/^model\.generation_aligner\.fc1\./, "gen_aligner.layers.0."],
      [/^model\.generation_aligner\.hidden_layers\.0\./, "gen_aligner.layers.2."],
      [/^model\.generation_head\.proj_out\./, "gen_head.output_mlp_projector."],
      [/^model\.generation_head\.vision_head\./, "gen_head.vision_head."],
    ],
    codec: [
      [/^model\.vqmodel\.(\w+)\.(?:down|up)\.(\d+)\.block\.(\d+)\./, "$1.conv_blocks.$2.res.$3."],
      [/^model\.vqmodel\.(\w+)\.(?:down|up)\.(\d+)\.(?=attn\.|downsample\.|upsample\.)/, "$1.conv_blocks.$2."],
      [/^model\.vqmodel\.(\w+)\.mid\.block_1\./, "$1.mid.0."],
      [/^model\.vqmodel\.(\w+)\.mid\.attn_1\./, "$1.mid.1."],
      [/^model\.vqmodel\.(\w+)\.mid\.block_2\./, "$1.mid.2."],
      [/^model\.vqmodel\.(?=\w+\.(?:conv_in|conv_out|norm_out)\.|quantize\.|quant_conv\.|post_quant_conv\.)/, ""],
    ],
    beside: /^(?:model\.vision_model|model\.aligner|lm_head)\./,
  },
];

const dropped = (rows: readonly Rename[]): Rename[] => rows.map(([from]) => [from, null]);

function viewed(checkpoint: Checkpoint, part: "transformer" | "codec"): Checkpoint {
  const names = NAMES.find(({ known }) => checkpoint.entries.has(known));
  if (!names) throw new WeightsError(checkpoint.label, [`missing    ${NAMES.map(({ known }) => known).join(" or ")}`]);
  const { transformer, codec, beside } = names;
  const [kept, others] = part === "transformer" ? [transformer, codec] : [codec, transformer];
  return renamed(checkpoint, [...kept, ...dropped(others), [beside, null]]);
}

/** The weights of the transformer, by the names of core/janus. Throws WeightsError for names of neither layout. */
export const janusTransformer = (checkpoint: Checkpoint): Checkpoint => viewed(checkpoint, "transformer");

/** The weights of the codec, by the names of LlamaGen's. Throws WeightsError for names of neither layout. */
export const janusCodec = (checkpoint: Checkpoint): Checkpoint => viewed(checkpoint, "codec");
