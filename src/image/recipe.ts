/** All that is known about a model before a device sees it: from the config.json of a folder, or from a row of published files. */
import { basename, join } from "node:path";
import { sha256OfFile } from "../base/digest.js";
import { CheckpointError, UnknownNameError } from "../base/errors.js";
import { transformerConfig } from "../core/llamagen/config.js";
import type { DecodingName } from "../core/orders.js";
import { scaleConfig } from "../core/var/config.js";
import { openModelFolder, verifyFiles } from "../models/folder.js";
import { NO_STYLE, parseImageModelConfig } from "../models/image-config.js";
import { PUBLISHED_IMAGE_MODELS, type PublishedImageModel, type PublishedName } from "../models/known.js";
import type { ImageNetworkConfig } from "../models/network-config.js";
import { MULTI_SCALE_CONFIGS } from "../tokenizers/image/multi-scale-config.js";
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

export interface Recipe {
  readonly name: string;
  readonly revision: string;
  readonly licence: string;
  readonly styles: readonly string[];
  readonly networks: readonly ImageNetworkConfig[];
  readonly captions: { readonly file: string } | null;
  readonly defaults: { readonly style: string; readonly decoding: DecodingName };
  /** Digests of the files, by their plain names; empty where nothing is to be verified. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Where a file lies that is named above. */
  locate(file: string): string;
  /** Compares files with their digests, before they are used. Throws CheckpointError. */
  verify(files: readonly string[]): Promise<void>;
}

/** The recipe of an embedded model or a folder. Throws UnknownNameError, CheckpointError, ArgumentError. */
export async function folderRecipe(nameOrPath: string, verify: boolean): Promise<Recipe> {
  const { path, json } = await openModelFolder(nameOrPath);
  const config = parseImageModelConfig(json, join(path, "config.json"));
  return {
    ...config,
    sha256: verify ? config.sha256 : {},
    locate: (file) => join(path, file),
    async verify(files) {
      if (verify) await verifyFiles(path, Object.fromEntries(files.map((file) => [file, config.sha256[file]!])));
    },
  };
}

/** The recipe of published files. Nothing states their digests: they are taken, for the manifests. */
export async function publishedRecipe(files: PublishedFiles, verify: boolean): Promise<Recipe> {
  const { tokenizer, transformer, config: name } = files;
  if (!Object.hasOwn(PUBLISHED_IMAGE_MODELS, name))
    throw new UnknownNameError("published image model", String(name), Object.keys(PUBLISHED_IMAGE_MODELS));
  const row: PublishedImageModel = PUBLISHED_IMAGE_MODELS[name];
  const sha256: Record<string, string> = {};
  for (const file of verify ? [tokenizer, transformer] : []) {
    sha256[basename(file)] = await sha256OfFile(file).catch((cause: unknown) => {
      const remedy = `Download ${row.files.tokenizer} and ${row.files.transformer} from ${row.origin}.`;
      throw new CheckpointError(file, "unreadable", "the file cannot be read", remedy, { cause });
    });
  }
  return {
    ...{ name, revision: "published", licence: row.licence, styles: [], captions: null, sha256 },
    networks: [networkOf(row, files)],
    defaults: { style: NO_STYLE, decoding: row.decoding },
    locate: (file) => file,
    async verify() {},
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
