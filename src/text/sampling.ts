/** The numbers by which a text is sampled. */
import type { SamplingNumbers } from "../core/sampling/ranges.js";

/** In the order in which manifests list them. */
export const TEXT_SAMPLING = ["guidance", "temperature", "topK", "topP", "minP", "repetitionPenalty"] as const;

export type TextSampling = SamplingNumbers<(typeof TEXT_SAMPLING)[number]>;

/** Where neither a caller nor the model's folder says anything: the model's own distribution. */
export const TEXT_SAMPLING_DEFAULTS: TextSampling = Object.freeze({
  guidance: 1,
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
});
