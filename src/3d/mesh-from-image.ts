/** Meshes after a picture, by models that read the rows of a network of pictures. */
import type { Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import type { FloatTensor } from "../engine/tensor.js";
import type { RunOptions } from "../media/run.js";
import { generateMesh, type MeshResult } from "./generate-mesh.js";
import type { MeshModel } from "./model.js";
import type { MeshSettings } from "./request.js";

/** A network of pictures: its rows [n, width] of one, such as the last hidden states of DINOv2-L, 257 of 1024. */
export type ImageTower = (image: string | Uint8Array) => Promise<FloatTensor>;

export interface MeshFromImageOptions extends Options<MeshSettings>, RunOptions<MeshModel> {
  /** A path, or the bytes of a file, as the tower reads it. */
  readonly image: string | Uint8Array;
  /** The network of pictures that the model was trained with; the package has none. */
  readonly tower?: ImageTower | undefined;
  /** What files and manifests say of it. */
  readonly prompt?: string | undefined;
}

/**
 * Makes meshes after a picture. It takes weights of OctGPT that were trained with pictures, whose row `loadMeshModel` is given, and their tower.
 * OctGPT's code trains such models on ShapeNet, with CLIP ViT-L/14, DINOv2-L or ViT-L/16 (arXiv 2504.09975 §4), but none was published: of the
 * published ones, all read categories but "octgpt-objaverse-text", which reads CLIP's rows of a text. tessera-shapes reads words.
 *
 * @throws ArgumentError without a tower, and for a model that reads no such rows; else as generateMesh.
 * @example
 * const config = { ...PUBLISHED_SHAPE_MODELS["octgpt-objaverse-text"], transformer: trainedWithPictures };
 * const model = await loadMeshModel({ transformer: "my-image-model.pth", codec: "my-codec.pth", config });
 * const { meshes } = await meshFromImage({ model, image: "chair.png", tower: dinoRows });
 */
export async function meshFromImage(options: MeshFromImageOptions): Promise<MeshResult> {
  const { image, tower, prompt = "a picture", ...rest } = options;
  if (tower === undefined)
    throw new ArgumentError("tower", "the network of pictures that the model was trained with", tower, REMEDY);
  return generateMesh({ ...rest, prompt, context: await tower(image) });
}

const REMEDY =
  "No published checkpoint of OctGPT reads pictures, nor does tessera-shapes: name what is to be made in words, by generateMesh. " +
  "With weights of your own, pass the rows of their tower.";
