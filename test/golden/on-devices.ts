/**
 * Which systems are compared with their authors' numbers on which devices by on-devices.test.ts: a case of each, and devices that every
 * machine has. docs/compatibility.md is made from the same table.
 */
import type { DeviceName } from "../../src/engine/devices.js";

/** Cases in test/fixtures, by the kind of network that they stand for. */
export const NETWORKS = {
  "llamagen of classes": "llamagen/gpt-c2i-oddhead",
  "llamagen of features": "llamagen/gpt-t2i",
  "nar of classes": "next-neighbor/nar-c2i",
  "nar of features": "next-neighbor/nar-t2i",
  "nar of video": "next-neighbor/nar-video",
  par: "next-neighbor/par-c2i",
  "var, own modulation": "var/transformer-own-adaln",
  janus: "janus/generate",
  "octgpt of classes": "octgpt/transformer-sin-layernorm",
  "octgpt of a context": "octgpt/transformer-abs-rms-cross",
  "CosyVoice 3": "speech/lm-v3",
  "tokenizer of masks": "titok/tokenizer-plain",
  qwen2: "text-models/qwen2",
  gemma3_text: "text-models/gemma3-text",
  t5: "text-encoders/t5-gated-gelu",
  "clip-text": "text-encoders/clip-quick-gelu",
} as const;

export type Network = keyof typeof NETWORKS;

export const COMPARED_DEVICES = ["cpu", "tensorflow-wasm"] as const satisfies readonly DeviceName[];
