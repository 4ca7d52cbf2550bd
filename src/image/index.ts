/** Public names of pictures. */
export { editImage, type EditImageOptions, type EditSources, streamEdit } from "./edit-image.js";
export { type ImageFormat, pictureFile } from "./encode.js";
export type { ImageEnd, ImageEvent, ImagePreview, ImageResult } from "./events.js";
export { type GenerateImageOptions, generateImage, streamImage, streamImages } from "./generate-image.js";
export type { GeneratedImage } from "./generated-image.js";
export { type EditRecord, type ImageManifest, parseManifest, readManifest } from "./manifest.js";
export type { Conversation, WrittenPrompt } from "./conversation.js";
export { type ImageLoadSettings, type ImageModel, loadImageModel } from "./model.js";
export type { ImageSource, JanusFolder, PublishedFiles } from "./recipe.js";
export { IMAGE_DEFAULTS, type ImageSettings, type ImageSubject } from "./request.js";
export { FRAMES_DEFAULTS, type FrameSource, type FramesSettings, saveFrames } from "./save-frames.js";
export { type ImageVerification, verifyImage } from "./verify-image.js";

export { readMarking, xmpOf } from "../media/xmp.js";
export { type ImageDefaults, type ImageModelConfig, NO_STYLE } from "../models/image-config.js";
export type { DialogueName } from "../models/janus-dialogue.js";
export {
  DEFAULT_IMAGE_MODEL,
  PUBLISHED_IMAGE_MODELS,
  type PublishedImageModel,
  type PublishedName,
} from "../models/known.js";
export type { Picture } from "../tokenizers/image/pixels.js";
export type { PictureSource } from "../tokenizers/image/read-picture.js";
