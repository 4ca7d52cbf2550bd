/** `tessera-sdk/core`: transformers, the loop that decodes them, and strategies; ids in, ids out. */

// Architectures and their configurations
export type { Architecture, Feeder, Filled, Model } from "./architecture.js";
export { type Condition, type ConditionConfig, leftPadded } from "./condition.js";
export { LLAMAGEN, type Transformer } from "./llamagen/architecture.js";
export {
  type PredictionConfig,
  TRANSFORMERS,
  type TransformerConfig,
  type TransformerName,
  transformerConfig,
} from "./llamagen/config.js";
export { type ScaleTransformer, VAR } from "./var/architecture.js";
export { SCALE_TRANSFORMERS, type ScaleConfig, type ScaleTransformerName, scaleConfig } from "./var/config.js";
export type { Paint, ScaleStart } from "./var/feeder.js";

export { IMAGE_BERT, type ImageBert } from "./image-bert/architecture.js";
export { IMAGE_BERTS, type ImageBertConfig, parseImageBertConfig } from "./image-bert/config.js";
export type { ImageBertStart } from "./image-bert/feeder.js";

export { SEGMENTER, type Segmenter } from "./segmenter/architecture.js";
export { parseSegmenterConfig, type SegmenterConfig } from "./segmenter/config.js";
export type { SegmenterStart } from "./segmenter/feeder.js";

// Encoders of whole texts
export { CLIP_TEXT } from "./clip-text/graph.js";
export type { ClipTextConfig } from "./clip-text/config.js";
export { T5 } from "./t5/graph.js";
export type { DistanceBuckets, T5Config } from "./t5/config.js";
export {
  openTextEncoder,
  type TextEncoderArchitecture,
  type TextEncoderConfig,
  type TextEncoderNetwork,
  type TextVectors,
  type TokenBatch,
} from "./text-encoder.js";

// A model and its sessions
export { type ModelOptions, openModel } from "./model.js";
export { openSession, type Session, type SessionOptions } from "./session.js";

// The loop, and what strategies and samplers say to it
export { type DecodeEvent, type DecodeOptions, decode, type Usage } from "./decode/loop.js";
export {
  type Accepted,
  type DrawContext,
  type Drawing,
  type Draws,
  type Forward,
  idOf,
  type Prediction,
  type Sampler,
  type Step,
  type Strategy,
  type Token,
  type TokenDraws,
} from "./decode/step.js";
export {
  type Allowed,
  lineLayout,
  type MarkedLines,
  markedLayout,
  rasterLayout,
  type TokenLayout,
} from "./decode/layout.js";

// Orders of decoding, and a strategy for each
export {
  type Decoding,
  DECODINGS,
  type DecodingName,
  decodingOf,
  type DecodingOption,
  type NextScaleSettings,
  type Objective,
  ordersOf,
  strategyOf,
  type StrategyDraws,
} from "./orders.js";
export { nextToken } from "./decode/next-token.js";
export { nextNeighbor } from "./decode/next-neighbor.js";
export {
  PROMPT_LOOKUP_DEFAULTS,
  type PromptLookupSettings,
  promptLookup,
} from "./decode/prompt-lookup.js";
export { RUN_LOOKUP_DEFAULTS, type RunLookupSettings, runLookup, type Runs } from "./decode/run-lookup.js";
export { parallelRegions } from "./decode/parallel-regions.js";
export { gumbelNoise, type Mixture, type NextScaleOptions, nextScale, type Noise } from "./decode/next-scale.js";
export { JACOBI_DEFAULTS, type JacobiOptions, type JacobiSettings, jacobi } from "./decode/jacobi/jacobi.js";
export type { RuleName } from "./decode/jacobi/acceptance.js";
export { INITIALISERS, type InitialiserName } from "./decode/jacobi/initialisers.js";
export { ADAPTIVE_WINDOW, type AdaptiveWindow, type Window } from "./decode/jacobi/window.js";
export { masked, randomRanks } from "./decode/masked/masked.js";
export {
  type Board,
  type Confidence,
  type Drawn,
  type GroupsOf,
  type MaskedGroup,
  type Revision,
  theseGroups,
} from "./decode/masked/group.js";
export type { Rank } from "./decode/masked/line.js";
export {
  CONFIDENCES,
  type ConfidenceName,
  MASKED_DEFAULTS,
  maskedGroup,
  type MaskedSettings,
  maskedSettings,
  standingBefore,
  titokSettings,
} from "./decode/masked/settings.js";
export { type Annealed, type Schedule, type ScheduleName, SCHEDULES } from "./decode/masked/schedules.js";
export { ending, type Stop } from "./decode/ending.js";
export { type Given, keeping } from "./decode/keeping.js";
export { diagonals } from "./grid.js";

// Sampling and guidance
export { type SamplerOptions, sampler } from "./decode/sampler.js";
export { type AddedStages, type DrawPoint, SAMPLING_DEFAULTS, type SamplingSettings } from "./sampling/sampling.js";
export { biased, penalised, repetitionAware, suppressed } from "./sampling/stages.js";
export type { TokenSampling } from "./sampling/ranges.js";
export {
  type Guidance,
  guidance,
  llamagenGuidance,
  narGuidance,
  titokGuidance,
  UNGUIDED,
  varGuidance,
} from "./sampling/guidance.js";
export { OCTREE, type OctreeTransformer } from "./octree/architecture.js";
export type { OctreeConfig } from "./octree/config.js";
export type { OctreeStart, Place, Places } from "./octree/feeder.js";
export { OCTGPT, type Octgpt } from "./octgpt/architecture.js";
export { OCTGPT_CONFIGS, type OctgptConfig, parseOctgptConfig } from "./octgpt/config.js";
export type { OctgptStart } from "./octgpt/feeder.js";
export { type BitDraws, bitSampler, unmaskOctrees } from "./octgpt/unmasking.js";
