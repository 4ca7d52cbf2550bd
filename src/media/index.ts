/** Public names that all media share, and what their settings are made of. */
export type { RunEnd, RunEvent, RunResult, RunStart, TokensAccept, Usage } from "./events.js";
export type { EncoderRecord, TextEncoderSettings } from "./given-text-encoder.js";
export { LOAD_DEFAULTS, type LoadedModel, type LoadSettings } from "./load.js";
export type { ManifestBase } from "./manifest.js";
export {
  COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
  type Marking,
  markingOf,
  TRAINED_ALGORITHMIC_MEDIA,
} from "./marking.js";
export type { RunOptions } from "./run.js";
export type { GeneratedItem, SaveOptions } from "./saved.js";
export type { RunSettings, TokenSettings } from "./settings.js";
export {
  type EncodeTextSettings,
  loadTextEncoder,
  type TextEncoderModel,
  type TextEncoding,
} from "./text-encoder.js";
export type { Verification } from "./verification.js";
export type { Warning } from "./warnings.js";

export type { Decoding, DecodingName, DecodingOption } from "../core/orders.js";
export type { TokenSampling } from "../core/sampling/ranges.js";
export type { DeviceName } from "../engine/devices.js";
export type { DeviceReport, Precision } from "../engine/engine.js";
export type { FloatTensor, Tensor } from "../engine/tensor.js";
export { TEXT_ENCODER_TYPES } from "../models/text-encoder-config.js";
export type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
