/** Drawn pictures in the size asked for. */
import type { Picture } from "../tokenizers/image/pixels.js";
import { resized } from "./encode.js";
import type { ImageModel } from "./model.js";

/** A picture of `side` x `side`, and whether the upscaler of the model drew its detail. */
export interface Sized {
  readonly picture: Picture;
  readonly upscaled: boolean;
}

/** Whether the upscaler of the model draws pictures of that side. */
export const isUpscaled = ({ side: own, upscaler }: ImageModel, side: number): boolean =>
  upscaler !== null && side > own;

/** Larger than it was drawn by the upscaler of the model, where there is one; what that does not meet exactly, and all else, resampled. */
export async function sized(model: ImageModel, drawn: Picture, side: number): Promise<Sized> {
  const upscaled = isUpscaled(model, side);
  const picture = upscaled ? await (await model.upscaler!.open()).enlarged(drawn) : drawn;
  return { picture: await resized(picture, side), upscaled };
}
