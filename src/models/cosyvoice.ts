/** CosyVoice as its authors publish it: folders without a config.json, which the name of their YAML file tells apart. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { LlamaConfig } from "../core/llama/config.js";
import { CONFORMER_LMS } from "../core/speech-lm/conformer-lm.js";
import { PROMPT_LAYOUTS } from "../core/speech-lm/marked-prompt.js";
import type { PromptedLmConfig } from "../core/speech-lm/open-prompted.js";
import type { SpeechEnds } from "../core/speech-lm/prompted.js";
import { SPEECH_LM_PREFIX } from "../core/speech-lm/speech-lm.js";
import { MEL_CONFIGS, type MelConfig } from "../tokenizers/speech/audio/mel.js";
import { FLOW_CONFIGS, type FlowConfig } from "../tokenizers/speech/flow/flow-config.js";
import { HIFT_CONFIGS, type HiftConfig } from "../tokenizers/speech/vocoder/hift-config.js";

export interface CosyvoiceConfig {
  readonly name: string;
  readonly licence: string;
  readonly languageModel: PromptedLmConfig;
  readonly ends: SpeechEnds;
  readonly flow: FlowConfig;
  /** Where each sentence's flow starts: the one table of the authors' code, or noise by seed and place. */
  readonly noise: "published" | "seeded";
  readonly mel: MelConfig;
  readonly vocoder: HiftConfig;
  /** Bins of the mel that the tokenizer of speech reads. */
  readonly tokenizerMels: number;
  /** The file of the tokenizer of speech. */
  readonly tokenizer: string;
  readonly text: TextFiles;
  /** What stands in front of every text and transcript: a system prompt with its mark; "" for none. */
  readonly system: string;
  readonly instruction: {
    /** How it is written. */
    readonly written: (instruction: string) => string;
    /** What the flow keeps of a recording that comes with one: all of it, or only who speaks. */
    readonly keeps: "recording" | "speaker";
  };
  /** Tokens that are silent, of which no more than five in a row are heard. */
  readonly silent: readonly number[];
}

/** How text becomes ids. */
export type TextFiles =
  /** By the files of a folder. `specials` stand behind those of Qwen 2, and their ids follow each other in this order. */
  | { readonly kind: "qwen"; readonly folder: string; readonly specials: readonly string[] }
  /** By the table of ranks of Whisper's package. */
  | { readonly kind: "whisper"; readonly file: string };

/** Qwen2-0.5B (arXiv 2407.10671), the body of both language models. */
const QWEN2: LlamaConfig = {
  prefix: SPEECH_LM_PREFIX,
  ...{ vocabulary: 151_936, width: 896, hidden: 4864, heads: 14, kvHeads: 2, headSize: 64, contextLength: 32_768 },
  layers: Array.from({ length: 24 }, () => ({ window: null, rope: "global" })),
  ropes: { global: { base: 1e6, size: 64, scaling: { kind: "none" } } },
  ...{ normEpsilon: 1e-6, normScale: "weight", norms: "before", headNorms: false },
  biases: { qkv: true, output: false, feedForward: false },
  ...{ projections: "separate", activation: "silu", attentionScale: 64 ** -0.5, attentionCap: null, logitCap: null },
  ...{ embeddingScale: 1, tied: true },
};

/** Between a prompt that says how to speak and the text. */
const END_OF_PROMPT = "<|endofprompt|>";

/** Sounds that a text may ask for, and marks around words. */
const SPECIALS = [
  END_OF_PROMPT,
  ...[
    "[breath]",
    "<strong>",
    "</strong>",
    "[noise]",
    "[laughter]",
    "[cough]",
    "[clucking]",
    "[accent]",
    "[quick_breath]",
  ],
  ...["<laughter>", "</laughter>", "[hissing]", "[sigh]", "[vocalized-noise]", "[lipsmack]", "[mn]"],
];

const QWEN_FOLDER = "CosyVoice-BlankEN";

const SYSTEM = "You are a helpful assistant.";

/** By the name of the YAML file. */
export const COSYVOICE_CONFIGS: Readonly<Record<string, CosyvoiceConfig>> = {
  // CosyVoice-300M, -SFT and -Instruct, which differ in their weights and speakers alone.
  "cosyvoice.yaml": {
    ...{ name: "CosyVoice-300M", licence: "Apache-2.0", tokenizer: "speech_tokenizer_v1.onnx", tokenizerMels: 128 },
    languageModel: { kind: "conformer", config: CONFORMER_LMS["cosyvoice-300m"] },
    ends: { tokens: 4096, blocked: 4096 },
    flow: FLOW_CONFIGS["cosyvoice-300m"],
    noise: "seeded",
    mel: MEL_CONFIGS["cosyvoice-300m"],
    vocoder: HIFT_CONFIGS["cosyvoice-300m"],
    text: { kind: "whisper", file: "multilingual.tiktoken" },
    ...{ system: "", silent: [] },
    instruction: { written: (instruction) => instruction + END_OF_PROMPT, keeps: "speaker" },
  },
  "cosyvoice2.yaml": {
    ...{ name: "CosyVoice2-0.5B", licence: "Apache-2.0", tokenizer: "speech_tokenizer_v2.onnx", tokenizerMels: 128 },
    languageModel: {
      kind: "marked",
      config: { llama: QWEN2, speechRows: 6564, markRows: 2, textSum: 1, headBias: true },
      layout: PROMPT_LAYOUTS["cosyvoice2-0.5b"],
    },
    ends: PROMPT_LAYOUTS["cosyvoice2-0.5b"],
    flow: FLOW_CONFIGS["cosyvoice2-0.5b"],
    noise: "published",
    mel: MEL_CONFIGS["cosyvoice2-0.5b"],
    vocoder: HIFT_CONFIGS["cosyvoice2-0.5b"],
    text: { kind: "qwen", folder: QWEN_FOLDER, specials: SPECIALS },
    ...{ system: "", silent: [] },
    instruction: { written: (instruction) => instruction + END_OF_PROMPT, keeps: "recording" },
  },
  "cosyvoice3.yaml": {
    ...{
      name: "Fun-CosyVoice3-0.5B",
      licence: "Apache-2.0",
      tokenizer: "speech_tokenizer_v3.onnx",
      tokenizerMels: 128,
    },
    languageModel: {
      kind: "marked",
      config: { llama: QWEN2, speechRows: 6761, markRows: null, textSum: 1, headBias: false },
      layout: PROMPT_LAYOUTS["cosyvoice3-0.5b"],
    },
    ends: PROMPT_LAYOUTS["cosyvoice3-0.5b"],
    flow: FLOW_CONFIGS["cosyvoice3-0.5b"],
    noise: "published",
    mel: MEL_CONFIGS["cosyvoice3-0.5b"],
    vocoder: HIFT_CONFIGS["cosyvoice3-0.5b"],
    text: { kind: "qwen", folder: QWEN_FOLDER, specials: [...SPECIALS, "<|endofsystem|>"] },
    system: SYSTEM + END_OF_PROMPT,
    silent: [1, 2, 28, 29, 55, 248, 494, 2241, 2242, 2322, 2323],
    instruction: { written: (instruction) => `${SYSTEM} ${instruction}${END_OF_PROMPT}`, keeps: "recording" },
  },
};

/** The configuration of a folder that has one of those files and no config.json; null for any other source. */
export async function cosyvoiceOf(folder: string): Promise<CosyvoiceConfig | null> {
  const there = (file: string) =>
    stat(join(folder, file)).then(
      (found) => found.isFile(),
      () => false,
    );
  if (await there("config.json")) return null;
  for (const [file, config] of Object.entries(COSYVOICE_CONFIGS)) if (await there(file)) return config;
  return null;
}
