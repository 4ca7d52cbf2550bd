/** All that is known about an image model before a device sees it: config.json of a folder, or a row of published files. */
import { check, checkName, isObject } from "../base/check.js";
import { InputError } from "../base/errors.js";
import { transformerConfig } from "../core/llamagen/config.js";
import type { DecodingName } from "../core/orders.js";
import { scaleConfig } from "../core/var/config.js";
import { folderRecipe, publishedFiles, type Recipe } from "../media/recipe.js";
import { pulledFiles } from "../models/hub/pull.js";
import { type CaptionReader, NO_STYLE, parseImageModelConfig } from "../models/image-config.js";
import { PUBLISHED_IMAGE_MODELS, type PublishedImageModel, type PublishedName } from "../models/known.js";
import type { ImageNetworkConfig, Weighted } from "../models/network-config.js";
import { MULTI_SCALE_CONFIGS } from "../tokenizers/image/multi-scale-config.js";
import type { UpscalerConfig } from "../tokenizers/image/upscaler.js";
import { VQ_CONFIGS } from "../tokenizers/image/vq-config.js";

/** A published checkpoint by its two files. They may be the PyTorch files of the authors or safetensors. */
export interface PublishedFiles {
  /** Such as "vq_ds16_c2i.pt". */
  readonly tokenizer: string;
  /** Such as "c2i_B_256.pt". */
  readonly transformer: string;
  /** The row that the files are read by. It is never guessed from their names. */
  readonly config: PublishedName;
}

export interface ImageRecipe extends Recipe {
  readonly styles: readonly string[];
  readonly networks: readonly ImageNetworkConfig[];
  readonly captions: CaptionReader | null;
  readonly upscaler: Weighted<UpscalerConfig> | null;
  readonly defaults: { readonly style: string; readonly decoding: DecodingName };
}

/** The recipe of a folder, of published files, or of a pulled model. Throws UnknownNameError, InputError, CheckpointError, ArgumentError. */
export async function imageRecipe(source: string | PublishedFiles, verify: boolean): Promise<ImageRecipe> {
  check("source", "the name or the folder of a model, or { transformer, tokenizer, config }", source, isSource);
  if (typeof source !== "string") return publishedRecipe(source, verify);
  if (!isPublished(source)) return folderRecipe(source, verify, parseImageModelConfig);
  const files = await pulledFiles(source);
  if (files) return publishedRecipe({ ...files, config: source }, verify);
  const remedy = `Run \`tessera models pull ${source}\`, or pass { transformer, tokenizer, config }.`;
  throw new InputError(source, "its files have not been pulled", remedy);
}

const isPublished = (name: string): name is PublishedName => Object.hasOwn(PUBLISHED_IMAGE_MODELS, name);

const isSource = (source: unknown): boolean =>
  typeof source === "string" ||
  (isObject(source) && [source.transformer, source.tokenizer].every((path) => typeof path === "string"));

async function publishedRecipe(files: PublishedFiles, verify: boolean): Promise<ImageRecipe> {
  const { tokenizer, transformer, config: name } = files;
  checkName("published image model", name, Object.keys(PUBLISHED_IMAGE_MODELS));
  const row: PublishedImageModel = PUBLISHED_IMAGE_MODELS[name];
  const remedy = `Download ${row.files.tokenizer} and ${row.files.transformer} from ${row.origin}.`;
  return {
    ...{ name, revision: "published", licence: row.licence, styles: [], captions: null, upscaler: null },
    ...(await publishedFiles([tokenizer, transformer], verify, remedy)),
    networks: [networkOf(row, files)],
    defaults: { style: NO_STYLE, decoding: row.decoding },
  };
}

function networkOf(row: PublishedImageModel, files: PublishedFiles): ImageNetworkConfig {
  const { sampling } = row;
  const weights = files.transformer;
  if (row.decoding === "next-token")
    return {
      ...{ layout: "llamagen", precision: "f32", sampling },
      transformer: { weights, config: transformerConfig(files.config) },
      tokenizer: { weights: files.tokenizer, config: VQ_CONFIGS[row.tokenizer] },
    };
  return {
    ...{ layout: "var", precision: "f32", sampling },
    transformer: { weights, config: scaleConfig(files.config) },
    tokenizer: { weights: files.tokenizer, config: MULTI_SCALE_CONFIGS[row.tokenizer] },
  };
}
