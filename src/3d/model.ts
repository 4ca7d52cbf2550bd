/** A mesh model that is ready. */
import type { Options } from "../base/check.js";
import { once } from "../base/once.js";
import { unpacked } from "../engine/weights/int8-blocks.js";
import { type LoadedModel, type LoadSettings, loaded, loadSettings } from "../media/load.js";
import { digestsOf, folderRecipe, openFile } from "../media/recipe.js";
import { type Route, type Routed, routed } from "../media/routes.js";
import { SharedModels } from "../media/shared-models.js";
import { DEFAULT_MESH_MODEL } from "../models/known.js";
import { parseMeshModelConfig } from "../models/mesh-config.js";
import { openShapeNetwork, type ShapeNetwork } from "./network.js";
import { loadWords, type Words } from "./words.js";

/** A loaded model: any number of generations may share it, one after the other or at once. */
export interface MeshModel extends LoadedModel, Routed<Route<ShapeNetwork>> {
  /** What it can make, as prompts call it. */
  readonly categories: readonly string[];
  /** The depth of its meshes where the caller says nothing, and the deepest. */
  readonly depths: { readonly usual: number; readonly most: number };
  /** Words of a prompt that it reads, at most. */
  readonly captionSlots: number;
  readonly words: Words;
}

/**
 * Loads a mesh model: an embedded one by its name, or a folder of that layout by its path.
 *
 * @throws UnknownNameError for a name that does not exist; CheckpointError for files that are damaged or not those that config.json
 *   states; WeightsError for weights missing, misshapen or left over; DeviceError; ArgumentError.
 * @example
 * const model = await loadMeshModel("tessera-shapes");
 * const { meshes } = await generateMesh({ model, prompt: "round table with three legs", seed: 7 });
 * await meshes[0].save("table.glb");
 * await model.close();
 */
export async function loadMeshModel(
  source: string = DEFAULT_MESH_MODEL,
  options: Options<LoadSettings> = {},
): Promise<MeshModel> {
  const settings = loadSettings("loadMeshModel", options);
  const recipe = await folderRecipe(source, settings.verify, parseMeshModelConfig);
  const { name, revision, licence, transformer, words: list, categories, depths, sampling } = recipe;
  const { captionSlots, rows } = transformer.config;
  return loaded(settings, async (opening, parts) => {
    await recipe.verify([list.file]);
    const words = await loadWords(recipe.locate(list.file), list.firstWord, rows - list.firstWord, categories);
    const engine = await opening;
    const precision = settings.precision ?? recipe.precision;
    const open = async () => {
      const weights = unpacked(await openFile(recipe, transformer.weights, parts));
      return parts.own(openShapeNetwork(engine, transformer.config, weights, precision));
    };
    const sha256 = digestsOf(recipe, [transformer.weights, list.file]);
    const route = { decodings: ["next-token"], sampling, precision, sha256, network: once(open) } as const;
    await route.network();
    return {
      ...{ name, revision, licence, categories, depths, captionSlots, words, precision, sha256 },
      ...{ device: engine.device, ...routed([route], "next-token") },
    };
  });
}

/** The models of calls that bring none. */
export const MESH_MODELS = new SharedModels({ load: (source) => loadMeshModel(source), fallback: DEFAULT_MESH_MODEL });
