/** Which VQ tokenizers exist: a row states what the checkpoint does not say itself. LlamaGen, arXiv 2406.06525 §3.1. */
import { fields } from "../../base/fields.js";
import { type CodecConfig, parseCodecConfig, parseWidth } from "./codec-config.js";

export interface VqConfig extends CodecConfig {
  /** Channels between the encoder's last convolution and the codes. */
  readonly zChannels: number;
}

/** The published tokenizers. vq_ds16_c2i and vq_ds16_t2i share a row: only their numbers differ. */
export const VQ_CONFIGS = {
  "vq-ds16": published([1, 1, 2, 2, 4]),
  "vq-ds8": published([1, 2, 2, 4]),
} as const satisfies Record<string, VqConfig>;

function published(multipliers: readonly number[]): VqConfig {
  return {
    channels: 3,
    patch: 1,
    ch: 128,
    multipliers,
    resBlocks: 2,
    groups: 32,
    zChannels: 256,
    codeDim: 8,
    vocab: 16_384,
    preview: null,
  };
}

/**
 * A row out of parsed JSON, with the fields of VqConfig by their names.
 *
 * @throws ArgumentError naming the field: unknown, absent or out of range; or widths that the groups do not divide.
 */
export function parseVqConfig(where: string, json: unknown): VqConfig {
  const of = fields(json, where);
  const config: VqConfig = { ...parseCodecConfig(of, where), zChannels: parseWidth(of, "zChannels") };
  of.finish();
  return config;
}
