/** OctGPT's published shape models by their two files: read by a row, or by one of the caller's for files that were trained otherwise. */
import { check, checkName, isObject } from "../base/check.js";
import {
  PUBLISHED_SHAPE_MODELS,
  type PublishedShapeModel,
  type PublishedShapeName,
  SHAPE_MODEL_ORIGIN,
} from "../models/octgpt.js";
import { type ModelFiles, publishedFiles } from "../media/recipe.js";
import { codeDepthOf, fullDepthOf } from "../tokenizers/octgpt/config.js";

/** A published model by its two files. They may be the PyTorch files of the authors or safetensors. */
export interface OctgptFiles {
  /** Such as "octgpt_chair.pth". */
  readonly transformer: string;
  /** Such as "vqvae_large_uncond_bsq32.pth". */
  readonly codec: string;
  /** The row that the files are read by, or one of the caller's. It is never guessed from their names. */
  readonly config: PublishedShapeName | OctgptRow;
}

/** How files are to be read. */
export type OctgptRow = Omit<PublishedShapeModel, "files">;

/** All that is known before a device sees the files. */
export interface OctgptRecipe extends ModelFiles {
  readonly name: string;
  readonly row: OctgptRow;
}

/** The recipe of the files. Throws UnknownNameError for a row that does not exist, ArgumentError for one that contradicts itself, CheckpointError. */
export async function octgptRecipe(files: OctgptFiles, verify: boolean): Promise<OctgptRecipe> {
  const isFiles = (of: unknown) => isObject(of) && [of.transformer, of.codec].every((path) => typeof path === "string");
  check("source", "the name or the folder of a model, or { transformer, codec, config }", files, isFiles);
  const { transformer, codec, config } = files;
  const row = rowOf(config);
  const remedy = `Download the two files of the model from ${SHAPE_MODEL_ORIGIN}.`;
  const found = await publishedFiles([transformer, codec], verify, remedy);
  return { ...found, name: typeof config === "string" ? config : "octgpt", row };
}

function rowOf(config: OctgptFiles["config"]): OctgptRow {
  const names = Object.keys(PUBLISHED_SHAPE_MODELS) as PublishedShapeName[];
  const row: OctgptRow = isObject(config)
    ? (config as OctgptRow)
    : PUBLISHED_SHAPE_MODELS[checkName("published shape model", config, names)];
  const { transformer, codec, categories } = row;
  const { bits, condition } = transformer;
  check("config.codec.bits", `the ${bits} bits of the transformer`, codec.bits, (own) => own === bits);
  const depths = [fullDepthOf(codec), codeDepthOf(codec)].join(" to ");
  const own = `${transformer.fullDepth} to ${transformer.codeDepth}`;
  check("config.codec", `a codec of the transformer's depths ${own}`, depths, (of) => of === own);
  const classes = condition.kind === "class" ? condition.classes : 0;
  check("config.categories", `names of ${classes} classes`, categories.length, (count) => count === classes);
  return row;
}
