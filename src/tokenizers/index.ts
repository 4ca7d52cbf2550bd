/** `tessera-sdk/tokenizers`: media to ids, and ids to media. */

// Text
export type { Tokenizer } from "./tokenizer.js";
export { loadTextTokenizer } from "./text/load-text-tokenizer.js";
export type { TextTokenizer } from "./text/text-tokenizer.js";

// Pictures: tokenizers of one grid, and of grids of growing sides
export { type ImageTokenizer, openVqTokenizer } from "./image/vq-tokenizer.js";
export { parseVqConfig, VQ_CONFIGS, type VqConfig } from "./image/vq-config.js";
export {
  type Cell,
  type MultiScaleTokenizer,
  openMultiScaleTokenizer,
  type Painted,
} from "./image/multi-scale-tokenizer.js";
export {
  type Grid,
  MULTI_SCALE_CONFIGS,
  type MultiScaleConfig,
  parseMultiScaleConfig,
} from "./image/multi-scale-config.js";

// Pictures: pixels, and parts of them
export { type Channels, type Picture, picturesOf, pixelsOf } from "./image/pixels.js";
export { readPicture } from "./image/read-picture.js";
export { centreCrop } from "./image/crop.js";
export { boxMask, keptCells, type Mask } from "./image/kept-cells.js";
export type { Box } from "../base/plane.js";
export {
  decodeMesh,
  type EncodedMesh,
  type EncodeOptions,
  encodeMesh,
  type Frame,
} from "./octree/encode-mesh.js";
export { decodeVoxels, readIds } from "./octree/octree-tokenizer.js";
export { PlaceReader } from "./octree/places.js";
export { OctreeWalk } from "./octree/walk.js";
export { ChatTemplate, type RenderSettings } from "./text/chat-template.js";
export { compileConstraint, TokenConstraint, type TokenMask } from "./text/constrained/constraint.js";

// Pictures and masks as lines of tokens
export { boxesIn, boxWords } from "./mask/boxes.js";
export { type FramedConfig, parseFramedConfig } from "./mask/framed-config.js";
export { type FramedTokenizer, openFramedTokenizer } from "./mask/framed-tokenizer.js";
export { type MaskTokenizer, openMaskTokenizer } from "./mask/mask-tokenizer.js";
export {
  parseTitokConfig,
  type PixelDecoderConfig,
  TITOK_CONFIGS,
  type TitokConfig,
  type TitokForm,
  type TowerConfig,
} from "./mask/titok-config.js";
export { type LineTokenizer, openTitokTokenizer } from "./mask/titok-tokenizer.js";

// Shapes: OctGPT's autoencoder
export { parseShapeCodecConfig, SHAPE_CODECS, type ShapeCodecConfig } from "./octgpt/config.js";
export {
  type DecodedDepth,
  openShapeCodec,
  type ShapeCode,
  type ShapeCodec,
  SURFACE_DEFAULTS,
  type SurfaceOptions,
} from "./octgpt/shape-codec.js";
export { type PointGrid, NeuralMpu } from "./octgpt/neural-mpu.js";
export { marchingCubes } from "./octgpt/marching-cubes.js";
export { cutAt, fullOctree, grown } from "./octree/grow.js";
export { type PointCloud, type PointOctree, pointOctree } from "./octree/point-octree.js";

// What media are compared by
export { type Closest, ClosestFace } from "./octree/closest.js";
export { logMel, type MelConfig } from "./speech/audio/mel.js";
