/** All that is known about an image model before a device sees it: config.json of a folder, or a row of published files. */
import { basename, join } from "node:path";
import { check, checkName, isObject } from "../base/check.js";
import { InputError } from "../base/errors.js";
import { transformerConfig } from "../core/llamagen/config.js";
import type { DecodingName } from "../core/orders.js";
import { scaleConfig } from "../core/var/config.js";
import type { TokenSampling } from "../core/sampling/ranges.js";
import { openCheckpoint } from "../engine/weights/open.js";
import { TRAINER_GLOBALS } from "../engine/weights/torch-objects.js";
import { type HubFolder, hubFolder, revisionOf, shardsOf } from "../media/hub-folder.js";
import { folderRecipe, publishedFiles, type Recipe } from "../media/recipe.js";
import { pulledFiles } from "../models/hub/pull.js";
import { type CaptionReader, NO_STYLE, parseImageModelConfig } from "../models/image-config.js";
import { JANUS_TYPES, readJanusConfig } from "../models/janus.js";
import { type DialogueName, DIALOGUES, dialogueOf } from "../models/janus-dialogue.js";
import {
  EMBEDDED_MODELS,
  PUBLISHED_IMAGE_MODELS,
  type PublishedImageModel,
  type PublishedName,
} from "../models/known.js";
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

/** A folder of Janus as the hub has it, where it does not go without saying in which words its model was trained. */
export interface JanusFolder {
  /** The path, or the repository once pulled. */
  readonly folder: string;
  /** "janus" for Janus-1.3B, "janus-pro" for Janus-Pro-1B and -7B. */
  readonly dialogue: DialogueName;
}

/** What an image model is loaded from: a name, a path, or files. */
export type ImageSource = string | PublishedFiles | JanusFolder;

export interface ImageRecipe extends Recipe {
  readonly styles: readonly string[];
  readonly networks: readonly ImageNetworkConfig[];
  readonly captions: CaptionReader | null;
  readonly upscaler: Weighted<UpscalerConfig> | null;
  readonly defaults: { readonly style: string; readonly decoding: DecodingName };
}

/** The recipe of a folder, ours or the hub's, of published files, or of a pulled model. Throws UnknownNameError, InputError, CheckpointError, ArgumentError. */
export async function imageRecipe(source: ImageSource, verify: boolean): Promise<ImageRecipe> {
  const expected = "the name or the folder of a model, { transformer, tokenizer, config } or { folder, dialogue }";
  check("source", expected, source, isSource);
  if (typeof source !== "string") {
    if (!("folder" in source)) return publishedRecipe(source, verify);
    checkName("dialogue", source.dialogue, Object.keys(DIALOGUES));
    return janusRecipe(source.folder, source.dialogue, verify);
  }
  if (await isJanus(source)) return janusRecipe(source, dialogueOf(source), verify);
  if (!isPublished(source)) return folderRecipe(source, verify, parseImageModelConfig);
  const files = await pulledFiles(source);
  if (files) return publishedRecipe({ ...files, config: source }, verify);
  const remedy = `Run \`tessera models pull ${source}\`, or pass { transformer, tokenizer, config }.`;
  throw new InputError(source, "its files have not been pulled", remedy);
}

const isPublished = (name: string): name is PublishedName => Object.hasOwn(PUBLISHED_IMAGE_MODELS, name);

const isSource = (source: unknown): boolean =>
  typeof source === "string" ||
  (isObject(source) &&
    (typeof source.folder === "string" ||
      [source.transformer, source.tokenizer].every((path) => typeof path === "string")));

/** Whether it is a folder of the hub, or a pulled repository, whose config.json is Janus'. Whoever opens any other says what is wrong. */
async function isJanus(source: string): Promise<boolean> {
  if (Object.hasOwn(EMBEDDED_MODELS, source) || isPublished(source)) return false;
  const hub = await hubFolder(source, JANUS_REMEDY);
  const config = await hub.json("config.json").catch(() => null);
  return JANUS_TYPES.includes(config?.model_type as string);
}

/** Guidance, temperature and no limits, as in the authors' script. */
const JANUS_SAMPLING: TokenSampling = { guidance: 5, guidanceUntil: 1, temperature: 1, topK: 0, topP: 1, minP: 0 };

async function janusRecipe(source: string, dialogue: DialogueName, verify: boolean): Promise<ImageRecipe> {
  const hub = await hubFolder(source, JANUS_REMEDY);
  const { path } = hub;
  const { transformer, tokenizer } = readJanusConfig(await hub.json("config.json"), join(path, "config.json"));
  const weights = await hub.weights();
  const shards = await openedShards(hub, weights);
  const files = [weights, "config.json", TOKENIZER, ...shards].map((file) => join(path, file));
  const published = await publishedFiles(files, verify, JANUS_REMEDY);
  return {
    ...{ name: basename(hub.name), revision: revisionOf(published.sha256), licence: "see the model's own card" },
    ...{ ...published, locate: (file) => join(path, file), shards: { [weights]: shards } },
    ...{ styles: [], upscaler: null, defaults: { style: NO_STYLE, decoding: "next-token" } },
    captions: { file: TOKENIZER, words: null, encoder: null, dialogue: DIALOGUES[dialogue], pictures: null },
    networks: [
      {
        ...{ layout: "janus", precision: "f32", sampling: JANUS_SAMPLING },
        transformer: { weights, config: transformer },
        tokenizer: { weights, config: tokenizer },
      },
    ],
  };
}

const TOKENIZER = "tokenizer.json";

const JANUS_REMEDY = "Download the whole folder of the model: config.json, the weights, tokenizer.json.";

/** The plain names of the files that an index of weights names. */
async function openedShards(hub: HubFolder, weights: string): Promise<string[]> {
  await using checkpoint = await openCheckpoint(join(hub.path, weights), { opaque: TRAINER_GLOBALS });
  return shardsOf(checkpoint, hub).map((file) => basename(file));
}

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
