/** A mesh model that is ready. */
import type { Options } from "../base/check.js";
import { once } from "../base/once.js";
import { unpacked } from "../engine/weights/block-codes.js";
import { givenTextEncoder, type TextEncoderSettings } from "../media/given-text-encoder.js";
import { LOAD_DEFAULTS, type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, folderRecipe, openFile } from "../media/recipe.js";
import { type Routed, routed } from "../media/routes.js";
import { SharedModels } from "../media/shared-models.js";
import type { TextEncoderModel } from "../media/text-encoder.js";
import { DEFAULT_MESH_MODEL } from "../models/known.js";
import { parseMeshModelConfig } from "../models/mesh-config.js";
import type { Mesh } from "../tokenizers/octree/mesh.js";
import type { MeshIds, ShapeRoute } from "./networks/network.js";
import { completed, OCTGPT_SAMPLING, openOctgptNetwork } from "./networks/octgpt.js";
import { openOctreeNetwork } from "./networks/octree.js";
import { type OctgptFiles, octgptRecipe } from "./published.js";
import { captionReader, categoryReader, contextReader, type SubjectReader } from "./subject.js";
import { loadWords } from "./words.js";

/** A loaded model: any number of generations may share it, one after the other or at once. */
export interface MeshModel extends LoadedModel, Routed<ShapeRoute> {
  /** What it can make, as prompts call it; empty for a model that is shown a context instead. */
  readonly categories: readonly string[];
  /** The depth of its meshes where the caller says nothing, and the deepest. */
  readonly depths: { readonly usual: number; readonly most: number };
  /** What reads prompts for a model that was trained on vectors of texts; null for any other, and where none was given. */
  readonly textEncoder: TextEncoderModel | null;
  /** A mesh as ids of its tokenizer, at `depth` or as deep as usual. Throws ArgumentError for a mesh that has none. */
  encode(mesh: Mesh, depth?: number): Promise<MeshIds>;
  /** The mesh of ids in the cube [0, 1]³. Throws TokenizerError or ArgumentError for ids that it does not have. */
  decode(ids: Int32Array, depth?: number): Promise<Mesh>;
  /** @internal */
  readonly read: SubjectReader;
}

export interface MeshLoadSettings extends LoadSettings, TextEncoderSettings {}

const DEFAULTS: MeshLoadSettings = Object.freeze({ ...LOAD_DEFAULTS, textEncoder: null });

/**
 * Loads a mesh model: an embedded one by its name, a folder of that layout by its path, or a published model of OctGPT (arXiv 2504.09975) by
 * its two files.
 *
 * @throws UnknownNameError for a name or row that does not exist; CheckpointError for files that are damaged or not those that config.json
 *   states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadMeshModel({
 *   transformer: "octgpt_chair.pth",
 *   codec: "vqvae_large_uncond_bsq32.pth",
 *   config: "octgpt-chair",
 * });
 * const { meshes } = await generateMesh({ model, prompt: "chair", seed: 7 });
 * await meshes[0].save("chair.glb");
 * await model.close();
 */
export async function loadMeshModel(
  source: string | OctgptFiles = DEFAULT_MESH_MODEL,
  options: Options<MeshLoadSettings> = {},
): Promise<MeshModel> {
  const settings = loadSettings("loadMeshModel", options, DEFAULTS);
  return typeof source === "string" ? loadFolder(source, settings) : loadOctgpt(source, settings);
}

async function loadFolder(source: string, settings: MeshLoadSettings): Promise<MeshModel> {
  const recipe = await folderRecipe(source, settings.verify, parseMeshModelConfig);
  const { name, revision, licence, transformer, words: list, categories, depths, sampling } = recipe;
  const { captionSlots, rows } = transformer.config;
  return loaded(settings, async (opening, parts) => {
    await recipe.verify([list.file]);
    const words = await loadWords(recipe.locate(list.file), list.firstWord, rows - list.firstWord, categories);
    const engine = await opening;
    const textEncoder = await givenTextEncoder(settings, { name, width: null }, engine, parts);
    const precision = settings.precision ?? recipe.precision;
    const open = async () => {
      const weights = unpacked(await openFile(recipe, transformer.weights, parts));
      return parts.own(openOctreeNetwork(engine, transformer.config, weights, precision));
    };
    const sha256 = digestsOf(recipe, [transformer.weights, list.file]);
    const route: ShapeRoute = {
      ...{ decodings: ["run-lookup", "next-token"], sampling, precision, sha256, network: once(open) },
      completed: (decoding) => decoding,
    };
    const about = { name, revision, licence, device: engine.device, precision, sha256 };
    const read = captionReader(words, captionSlots);
    return { ...about, ...(await shapesBy(route, depths)), categories, textEncoder, read };
  });
}

async function loadOctgpt(files: OctgptFiles, settings: MeshLoadSettings): Promise<MeshModel> {
  const recipe = await octgptRecipe(files, settings.verify);
  const { name, row } = recipe;
  return loaded(settings, async (opening, parts) => {
    const transformer = await openFile(recipe, files.transformer, parts);
    const codec = await openFile(recipe, files.codec, parts);
    const engine = await opening;
    const precision = settings.precision ?? "f32";
    const sha256 = digestsOf(recipe, [files.transformer, files.codec]);
    const route: ShapeRoute = {
      ...{ decodings: ["masked-octree"], sampling: OCTGPT_SAMPLING, precision, sha256 },
      network: once(() => openOctgptNetwork(engine, row, { transformer, codec }, precision, parts)),
      completed: (decoding, sampling) => completed(row.transformer, decoding, sampling),
    };
    const { condition } = row.transformer;
    const width = condition.kind === "context" ? condition.width : null;
    const textEncoder = await givenTextEncoder(settings, { name, width }, engine, parts);
    const about = { name, revision: "published", licence: "not stated", device: engine.device, precision, sha256 };
    return {
      ...about,
      ...(await shapesBy(route, { usual: row.codec.depth, most: row.codec.depth })),
      ...{ categories: row.categories, textEncoder },
      read: condition.kind === "class" ? categoryReader(row.categories) : contextReader(name, condition, textEncoder),
    };
  });
}

/** What a model can do by its only route, whose network is opened here. */
async function shapesBy(route: ShapeRoute, depths: MeshModel["depths"]) {
  const network = await route.network();
  return {
    depths,
    encode: (mesh: Mesh, depth = depths.usual) => network.encode(mesh, depth),
    decode: (ids: Int32Array, depth = depths.usual) => network.decode(ids, depth),
    ...routed([route], route.decodings[0]!),
  };
}

/** The models of calls that bring none. */
export const MESH_MODELS = new SharedModels({ load: (source) => loadMeshModel(source), fallback: DEFAULT_MESH_MODEL });
