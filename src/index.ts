/**
 * `tessera-sdk`: making, editing, verifying, loading and saving. The parts that this is made of are in entries of their own:
 * `tessera-sdk/engine`, `tessera-sdk/core`, `tessera-sdk/tokenizers`.
 */

// Images
export { editImage, type EditImageOptions, type EditSources, streamEdit } from "./image/edit-image.js";
export type { ImageFormat } from "./image/encode.js";
export type { ImageEnd, ImageEvent, ImagePreview, ImageResult } from "./image/events.js";
export { type GenerateImageOptions, generateImage, streamImage } from "./image/generate-image.js";
export type { GeneratedImage } from "./image/generated-image.js";
export { type EditRecord, type ImageManifest, parseManifest, readManifest } from "./image/manifest.js";
export { type ImageModel, loadImageModel } from "./image/model.js";
export type { PublishedFiles } from "./image/recipe.js";
export { IMAGE_DEFAULTS, type ImageSettings, type ImageSubject } from "./image/request.js";
export { FRAMES_DEFAULTS, type FrameSource, type FramesSettings, saveFrames } from "./image/save-frames.js";
export { type ImageVerification, verifyImage } from "./image/verify-image.js";
export { readMarking, xmpOf } from "./media/xmp.js";
export type { Picture } from "./tokenizers/image/pixels.js";
export type { PictureSource } from "./tokenizers/image/read-picture.js";

// Meshes
export { type MeshFacts, factsOf } from "./3d/facts.js";
export { MESH_FORMATS, type MeshFormat } from "./3d/formats/format.js";
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
export { type MeshManifest, parseMeshManifest, readMeshManifest } from "./3d/manifest.js";
export { loadMeshModel, type MeshModel } from "./3d/model.js";
export {
  loadOctgpt,
  OCTGPT_DEFAULTS,
  type OctgptFiles,
  type OctgptModel,
  type OctgptSettings,
  type OctgptShape,
  type OctgptSubject,
} from "./3d/octgpt.js";
export { type Raster, rasterise, type View } from "./3d/rasterise.js";
export { parseMesh, readMesh } from "./3d/read-mesh.js";
export { MESH_DEFAULTS, type MeshSettings, type MeshSubject } from "./3d/request.js";
export { saveMesh } from "./3d/save-mesh.js";
export { type Simplified, simplify } from "./3d/simplify.js";
export { type MeshVerification, verifyMesh } from "./3d/verify-mesh.js";
export type { Bounds, Mesh } from "./tokenizers/octree/mesh.js";
export { type Topology, topologyOf } from "./tokenizers/octree/topology.js";

// Texts
export type { TextDelta, TextEnd, TextEvent, TextResult } from "./text/events.js";
export { type GenerateTextOptions, generateText, streamText } from "./text/generate-text.js";
export type { GeneratedText, TextManifest } from "./text/generated-text.js";
export type { ChosenLogprob, TokenLogprob } from "./text/logprobs.js";
export { loadTextModel, type TextModel } from "./text/model.js";
export { TEXT_DEFAULTS, type TextSettings, type TextSubject } from "./text/request.js";
export type { TextSampling } from "./text/sampling.js";
export type { FinishReason } from "./text/writer.js";
export type { ChatMessage } from "./tokenizers/text/chat-template.js";
export type { Constraint } from "./tokenizers/text/constrained/constraint.js";
export type { JsonSchema } from "./tokenizers/text/constrained/json-schema.js";

// What all media share
export type { RunEnd, RunEvent, RunResult, RunStart, TokensAccept, Usage } from "./media/events.js";
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

// Models, and what their settings are made of
export { type ImageDefaults, type ImageModelConfig, NO_STYLE } from "./models/image-config.js";
export type { MeshModelConfig } from "./models/mesh-config.js";
export { TEXT_MODEL_TYPES } from "./models/text-config.js";
export type { EmbeddedModel, EmbeddedName, PublishedImageModel, PublishedName } from "./models/known.js";
export { DEFAULT_IMAGE_MODEL, DEFAULT_MESH_MODEL, EMBEDDED_MODELS, PUBLISHED_IMAGE_MODELS } from "./models/known.js";
export { pullModel, type PullOptions } from "./models/hub/pull.js";
export { pulledModel, type PulledModel, pulledModels, removePulled, verifyPulled } from "./models/hub/pulled.js";
export type { HubFile } from "./models/hub/repository.js";
export type { Decoding, DecodingName, DecodingOption } from "./core/orders.js";
export type { TokenSampling } from "./core/sampling/ranges.js";
export type { DeviceName } from "./engine/devices.js";
export type { DeviceReport, Precision } from "./engine/engine.js";
export type { FloatTensor } from "./engine/tensor.js";

// Errors, options, the version
export type { Options } from "./base/check.js";
export {
  ArgumentError,
  CheckpointError,
  type CheckpointFault,
  ClosedError,
  ConstraintError,
  DeviceError,
  DownloadError,
  ExecutionError,
  InputError,
  InstallationError,
  LogitsError,
  OutputError,
  ShapeError,
  TemplateError,
  type TemplateFault,
  TesseraError,
  TokenizerError,
  ToolError,
  UnknownNameError,
  WeightsError,
} from "./base/errors.js";
export { VERSION } from "./base/version.js";

// Speech
export { encodeSpeech } from "./audio/encode-speech.js";
export { readSpeechMarking, SPEECH_FORMATS, type SpeechFormat, wavOf } from "./audio/encode.js";
export type { SpeechChunk, SpeechEnd, SpeechEvent, SpeechResult } from "./audio/events.js";
export {
  generateSpeech,
  type GenerateSpeechOptions,
  type SpeechVerification,
  streamSpeech,
  verifySpeech,
} from "./audio/generate-speech.js";
export type { GeneratedSpeech, Timed, TimedPhone, TimedWord } from "./audio/generated-speech.js";
export { parseSpeechManifest, readSpeechManifest, type SpeechManifest } from "./audio/manifest.js";
export {
  type Loudness,
  LOUDNESS_DEFAULTS,
  type LoudnessSettings,
  loudnessOf,
  normaliseLoudness,
  TRIM_DEFAULTS,
  trimSilence,
  type TrimSettings,
} from "./audio/loudness.js";
export { loadSpeechModel, type SpeechModel } from "./audio/model.js";
export {
  READ_AUDIO_DEFAULTS,
  readAudio,
  type ReadAudioSettings,
  type Sound,
  type SoundSource,
} from "./audio/read-audio.js";
export type { RecordedVoice } from "./audio/voice.js";
export { SPEECH_DEFAULTS, type SpeechSettings, type SpeechText } from "./audio/request.js";
export { DEFAULT_SPEECH_MODEL } from "./models/known.js";

// What pipelines are made of: files of items that were changed, and models as digests
export { meshFile } from "./3d/encode.js";
export { speechFile } from "./audio/encode.js";
export { pictureFile } from "./image/encode.js";
export { digestOfModel, type FileDigest } from "./models/digest.js";

// Masks
export {
  areaOf,
  type BinaryMask,
  boxedMask,
  boxOf,
  intersectionOverUnion,
  type MaskSource,
  readMask,
} from "./mask/binary-mask.js";
export { type CutOut, cutOut } from "./mask/cut-out.js";
export { decodeMask, type DecodeMaskOptions, encodeMask, type MaskCoding } from "./mask/encode-mask.js";
export { fromPolygons, type Polygon, toPolygons } from "./mask/formats/polygon.js";
export { type CocoRle, fromRle, toRle } from "./mask/formats/rle.js";
export type { GeneratedMask } from "./mask/generated-mask.js";
export { type MaskManifest, parseMaskManifest, readMaskManifest } from "./mask/manifest.js";
export { loadMaskModel, type MaskModel } from "./mask/model.js";
export { MASK_DEFAULTS, type MaskSettings } from "./mask/request.js";
export {
  generateMask,
  type GenerateMaskOptions,
  type MaskEnd,
  type MaskEvent,
  type MaskPreview,
  type MaskResult,
  type SegmentationSubject,
  segmentImage,
  type SegmentImageOptions,
  streamSegmentation,
} from "./mask/segment-image.js";
export { type MaskVerification, verifyMask, type VerifyMaskOptions } from "./mask/verify-mask.js";
export { DEFAULT_MASK_MODEL } from "./models/known.js";
export type { MaskModelConfig } from "./models/mask-config.js";
