/** Public names of masks. */
export {
  areaOf,
  type BinaryMask,
  boxedMask,
  boxOf,
  intersectionOverUnion,
  type MaskSource,
  readMask,
} from "./binary-mask.js";
export { type CutOut, cutOut } from "./cut-out.js";
export { decodeMask, type DecodeMaskOptions, encodeMask, type MaskCoding } from "./encode-mask.js";
export { fromPolygons, type Polygon, toPolygons } from "./formats/polygon.js";
export { type CocoRle, fromRle, toRle } from "./formats/rle.js";
export { type GeneratedMask, maskFile } from "./generated-mask.js";
export { type MaskManifest, parseMaskManifest, readMaskManifest } from "./manifest.js";
export { loadMaskModel, type MaskModel } from "./model.js";
export { MASK_DEFAULTS, type MaskSettings } from "./request.js";
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
} from "./segment-image.js";
export { type MaskVerification, verifyMask, type VerifyMaskOptions } from "./verify-mask.js";

export { DEFAULT_MASK_MODEL } from "../models/known.js";
export type { MaskModelConfig } from "../models/mask-config.js";
