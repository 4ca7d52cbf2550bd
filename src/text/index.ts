/** Public names of texts. */
export type { TextDelta, TextEnd, TextEvent, TextResult } from "./events.js";
export { type GenerateTextOptions, generateText, streamText } from "./generate-text.js";
export { type GeneratedText, parseTextManifest, readTextManifest, type TextManifest } from "./generated-text.js";
export type { ChosenLogprob, TokenLogprob } from "./logprobs.js";
export { loadTextModel, type TextModel } from "./model.js";
export { TEXT_DEFAULTS, type TextSettings, type TextSubject } from "./request.js";
export type { TextSampling } from "./sampling.js";
export type { FinishReason } from "./writer.js";

export { TEXT_MODEL_TYPES } from "../models/text-config.js";
export type { ChatMessage } from "../tokenizers/text/chat-template.js";
export type { Constraint } from "../tokenizers/text/constrained/constraint.js";
export type { JsonSchema } from "../tokenizers/text/constrained/json-schema.js";
