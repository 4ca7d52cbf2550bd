/** Configurations of the transformer that continues a sequence of continuous latents (CALM, arXiv 2509.06926 §3.2). */

export interface FlowLmConfig {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Width inside the feed-forward layers. */
  readonly hidden: number;
  /** Rows of the table of text: one more than there are tokens. */
  readonly textRows: number;
  /** Numbers of a latent. */
  readonly latent: number;
  /** Numbers per frame of a recording, as the encoder gives them. */
  readonly voice: number;
  /** Whether a row of its own stands before the voice. */
  readonly voiceMark: boolean;
  readonly head: FlowHeadConfig;
}

/** The small network that turns noise into a latent, given what the transformer says. */
export interface FlowHeadConfig {
  readonly width: number;
  readonly blocks: number;
  /** Frequencies of the embedding of a time. */
  readonly frequencies: number;
}

export const FLOW_LM_CONFIGS = {
  "pocket-tts": {
    ...{ width: 1024, heads: 16, layers: 6, hidden: 4096, textRows: 4001, latent: 32 },
    ...{ voice: 32, voiceMark: true },
    head: { width: 512, blocks: 6, frequencies: 128 },
  },
} as const satisfies Readonly<Record<string, FlowLmConfig>>;
