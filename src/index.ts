/** Tessera: every public name, in one list. */

export type { Options } from "./base/check.js";
// Errors and the version
export {
  ArgumentError,
  CheckpointError,
  type CheckpointFault,
  ClosedError,
  DeviceError,
  ExecutionError,
  InputError,
  InstallationError,
  LogitsError,
  OutputError,
  ShapeError,
  TesseraError,
  TokenizerError,
  ToolError,
  UnknownNameError,
  WeightsError,
} from "./base/errors.js";
export { VERSION } from "./base/version.js";
export { type Condition, type ConditionConfig, leftPadded } from "./core/condition.js";
export {
  type PredictionConfig,
  TRANSFORMERS,
  type TransformerConfig,
  type TransformerName,
  transformerConfig,
} from "./core/llamagen/config.js";
export type { RuleName } from "./core/decode/jacobi/acceptance.js";
export { ending, type Stop } from "./core/decode/ending.js";
export { INITIALISERS, type InitialiserName } from "./core/decode/jacobi/initialisers.js";
export { JACOBI_DEFAULTS, type JacobiOptions, type JacobiSettings, jacobi } from "./core/decode/jacobi/jacobi.js";
export { type Given, keeping } from "./core/decode/keeping.js";
export {
  type Allowed,
  lineLayout,
  type MarkedLines,
  markedLayout,
  rasterLayout,
  type TokenLayout,
} from "./core/decode/layout.js";
export { type DecodeEvent, type DecodeOptions, decode, type Usage } from "./core/decode/loop.js";
export { nextNeighbor } from "./core/decode/next-neighbor.js";
export { gumbelNoise, type Mixture, type NextScaleOptions, nextScale, type Noise } from "./core/decode/next-scale.js";
export { nextToken } from "./core/decode/next-token.js";
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
} from "./core/orders.js";
export { parallelRegions } from "./core/decode/parallel-regions.js";
export { ADAPTIVE_WINDOW, type AdaptiveWindow, type Window } from "./core/decode/jacobi/window.js";
export { type SamplerOptions, sampler } from "./core/decode/sampler.js";
export {
  type Accepted,
  type DrawContext,
  type Draws,
  type Forward,
  idOf,
  type Prediction,
  type Sampler,
  type Step,
  type Strategy,
  type Token,
  type TokenDraws,
} from "./core/decode/step.js";
export { diagonals } from "./core/grid.js";
export {
  type Guidance,
  guidance,
  llamagenGuidance,
  narGuidance,
  UNGUIDED,
  varGuidance,
} from "./core/sampling/guidance.js";
// The transformer and its decoding
export type { Architecture, Feeder, Filled, Model } from "./core/architecture.js";
export { LLAMAGEN, type Transformer } from "./core/llamagen/architecture.js";
export { type ModelOptions, openModel } from "./core/model.js";
export {
  type AddedStages,
  type DrawPoint,
  SAMPLING_DEFAULTS,
  type SamplingSettings,
} from "./core/sampling/sampling.js";
export { SCALE_TRANSFORMERS, type ScaleConfig, type ScaleTransformerName, scaleConfig } from "./core/var/config.js";
export { type ScaleTransformer, VAR } from "./core/var/architecture.js";
export type { Paint, ScaleStart } from "./core/var/feeder.js";
export type { TokenSampling } from "./core/sampling/ranges.js";
export { biased, penalised, repetitionAware, suppressed } from "./core/sampling/stages.js";
export { openSession, type Session, type SessionOptions } from "./core/session.js";
export type { DeviceName } from "./engine/devices.js";
export { type Diagnosis, diagnose } from "./engine/diagnose.js";
export type { DeviceReport, Engine, Memory, Precision, Program } from "./engine/engine.js";
export { type Graph, GraphBuilder } from "./engine/graph.js";
export { saveOnnx } from "./engine/onnx/save.js";
// Engines, graphs, weights
export { ENGINE_DEFAULTS, type EngineOptions, openEngine } from "./engine/open.js";
export { opsOf } from "./engine/ops/index.js";
export { type DType, type FloatTensor, f32, i32, type Tensor, tensor } from "./engine/tensor.js";
export type { Checkpoint } from "./engine/weights/checkpoint.js";
export { type OpenOptions, openCheckpoint } from "./engine/weights/open.js";
export { writeSafetensors } from "./engine/weights/safetensors-write.js";
export { editImage, type EditImageOptions, type EditSources, streamEdit } from "./image/edit-image.js";
export type { ImageFormat } from "./image/encode.js";
export type { ImageEnd, ImageEvent, ImagePreview, ImageResult } from "./image/events.js";
// Images
export { type GenerateImageOptions, generateImage, streamImage } from "./image/generate-image.js";
export type { GeneratedImage } from "./image/generated-image.js";
export { type EditRecord, type ImageManifest, parseManifest, readManifest } from "./image/manifest.js";
// Models
export { type ImageModel, loadImageModel } from "./image/model.js";
export type { Drawing, ImageNetwork, NetworkFacts, Work } from "./image/networks/network.js";
export type { PublishedFiles } from "./image/recipe.js";
export type { PictureSource } from "./tokenizers/image/read-picture.js";
export { IMAGE_DEFAULTS, type ImageSettings, type ImageSubject } from "./image/request.js";
export type { ImageRoute } from "./image/route.js";
export { FRAMES_DEFAULTS, type FrameSource, type FramesSettings, saveFrames } from "./image/save-frames.js";
export { type ImageVerification, verifyImage } from "./image/verify-image.js";
export { readMarking, xmpOf } from "./image/xmp.js";
export type { RunEvent, RunResult, Usage as RunUsage } from "./media/events.js";
export { LOAD_DEFAULTS, type LoadedModel, type LoadSettings } from "./media/load.js";
export type { ManifestBase } from "./media/manifest.js";
export {
  COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA,
  type Marking,
  markingOf,
  TRAINED_ALGORITHMIC_MEDIA,
} from "./media/marking.js";
export type { RunOptions } from "./media/run.js";
export type { GeneratedItem, SaveOptions } from "./media/saved.js";
export type { RunSettings, TokenSettings } from "./media/settings.js";
export type { Verification } from "./media/verification.js";
export type { Warning } from "./media/warnings.js";
export { type ImageDefaults, type ImageModelConfig, NO_STYLE } from "./models/image-config.js";
export type { EmbeddedModel, EmbeddedName, PublishedImageModel, PublishedName } from "./models/known.js";
export { DEFAULT_IMAGE_MODEL, EMBEDDED_MODELS, PUBLISHED_IMAGE_MODELS } from "./models/known.js";
export { type ImageNetworkConfig, PRECISIONS } from "./models/network-config.js";
export { centreCrop } from "./tokenizers/image/crop.js";
export { type Box, boxMask, keptCells, type Mask } from "./tokenizers/image/kept-cells.js";
export {
  type Grid,
  MULTI_SCALE_CONFIGS,
  type MultiScaleConfig,
  parseMultiScaleConfig,
} from "./tokenizers/image/multi-scale-config.js";
export {
  type Cell,
  type MultiScaleTokenizer,
  openMultiScaleTokenizer,
  type Painted,
} from "./tokenizers/image/multi-scale-tokenizer.js";
export { type Channels, type Picture, picturesOf, pixelsOf } from "./tokenizers/image/pixels.js";
export { parseVqConfig, VQ_CONFIGS, type VqConfig } from "./tokenizers/image/vq-config.js";
export { type ImageTokenizer, openVqTokenizer } from "./tokenizers/image/vq-tokenizer.js";
// Tokenizers
export { loadTextTokenizer } from "./tokenizers/text/load-text-tokenizer.js";
export type { TextTokenizer } from "./tokenizers/text/text-tokenizer.js";
export type { Tokenizer } from "./tokenizers/tokenizer.js";
// Meshes
export {
  encodeMesh,
  decodeMesh,
  type EncodedMesh,
  type EncodeOptions,
  type Frame,
} from "./tokenizers/octree/encode-mesh.js";
export type { Bounds, Mesh } from "./tokenizers/octree/mesh.js";
export { decodeVoxels, readIds } from "./tokenizers/octree/octree-tokenizer.js";
export { type Topology, topologyOf } from "./tokenizers/octree/topology.js";
export { OctreeWalk } from "./tokenizers/octree/walk.js";
export { OCTREE, type OctreeTransformer } from "./core/octree/architecture.js";
export type { OctreeConfig } from "./core/octree/config.js";
export type { OctreeStart, Place, Places } from "./core/octree/feeder.js";
export { PlaceReader } from "./tokenizers/octree/places.js";
export {
  type GenerateMeshOptions,
  generateMesh,
  type MeshEnd,
  type MeshEvent,
  type MeshPreview,
  type MeshResult,
  streamMesh,
} from "./3d/generate-mesh.js";
export type { GeneratedMesh } from "./3d/generated-mesh.js";
export { type MeshFacts, factsOf } from "./3d/facts.js";
export { MESH_FORMATS, type MeshFormat } from "./3d/formats/format.js";
export { type MeshManifest, parseMeshManifest, readMeshManifest } from "./3d/manifest.js";
export { loadMeshModel, type MeshModel } from "./3d/model.js";
export { parseMesh, readMesh } from "./3d/read-mesh.js";
export { type Raster, rasterise, type View } from "./3d/rasterise.js";
export { MESH_DEFAULTS, type MeshSettings, type MeshSubject } from "./3d/request.js";
export { saveMesh } from "./3d/save-mesh.js";
export { type Simplified, simplify } from "./3d/simplify.js";
export { type MeshVerification, verifyMesh } from "./3d/verify-mesh.js";
export { DEFAULT_MESH_MODEL } from "./models/known.js";
export type { MeshModelConfig } from "./models/mesh-config.js";

// Texts
export { ConstraintError, TemplateError, type TemplateFault } from "./base/errors.js";
export { TEXT_MODEL_TYPES } from "./models/text-config.js";
export type { TextDelta, TextEnd, TextEvent, TextResult } from "./text/events.js";
export { type GenerateTextOptions, generateText, streamText } from "./text/generate-text.js";
export type { GeneratedText, TextManifest } from "./text/generated-text.js";
export type { ChosenLogprob, TokenLogprob } from "./text/logprobs.js";
export { loadTextModel, type TextModel } from "./text/model.js";
export { TEXT_DEFAULTS, type TextSettings, type TextSubject } from "./text/request.js";
export type { TextSampling } from "./text/sampling.js";
export type { FinishReason } from "./text/writer.js";
export { type ChatMessage, ChatTemplate, type RenderSettings } from "./tokenizers/text/chat-template.js";
export {
  type Constraint,
  compileConstraint,
  TokenConstraint,
  type TokenMask,
} from "./tokenizers/text/constrained/constraint.js";
export type { JsonSchema } from "./tokenizers/text/constrained/json-schema.js";
