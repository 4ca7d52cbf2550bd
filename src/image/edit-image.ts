/**
 * Drawing into a picture that is there: in-painting, out-painting, replacing by another prompt or class. The picture becomes ids;
 * cells that the mask leaves alone keep them, the others are drawn; at the end the pixels of the picture itself are put back
 * where the mask is black. (VAR, arXiv 2404.02905 §5.3, for every order that a model has.)
 */
import { check, checkOptions, isIntegerIn, type Options } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import type { Picture } from "../tokenizers/image/pixels.js";
import { type PictureSource, readPicture } from "../tokenizers/image/read-picture.js";
import { cellsOf, checkMaskSize, laidOver, type Region, regionOf, sharesOf } from "../tokenizers/image/region.js";
import { type Edit, drawImages } from "./draw-images.js";
import { resized } from "./encode.js";
import type { ImageEvent, ImageResult } from "./events.js";
import { IMAGE_MODELS, type ImageModel } from "./model.js";
import { type ImageRequest, type ImageSettings, type ImageSubject, requestOf } from "./request.js";

/** What an edit takes besides what generateImage takes. */
export interface EditSources {
  /**
   * The picture: square, up to four times the model's own side. The result has its size; what is drawn anew comes to it as `size` says
   * of generateImage.
   */
  readonly image: PictureSource;
  /** White where the picture is drawn anew, black where it stays; of the picture's size or of the model's own. */
  readonly mask: PictureSource;
  /** Pixels outside of the white over which the new picture fades into the old one, 0 … 64; 0: none. Default 4. */
  readonly seam?: number | undefined;
}

export type EditImageOptions = EditSources &
  ImageSubject &
  Options<Omit<ImageSettings, "size">> &
  RunOptions<ImageModel>;

/**
 * Draws a part of a picture anew and answers as generateImage does. Black pixels of the mask farther than `seam` from white ones
 * are those of the picture, to the byte, transparency included.
 *
 * A next-scale model sees the whole picture in its coarse grids and fits the new part into it. The other orders see what they
 * have passed: next-token and jacobi what lies above and to the left, next-neighbor what lies nearer to the first corner.
 *
 * @throws ArgumentError for a picture or a mask that cannot be used, a mask without white, or one that keeps nothing; else what
 *   generateImage throws.
 * @example
 * const { images } = await editImage({ image: "apple.png", mask: "leaf.png", prompt: "red apple", decoding: "next-scale" });
 * await images[0].save("edited.png");
 */
export async function editImage(options: EditImageOptions): Promise<ImageResult> {
  return resultOf(streamEdit(options));
}

/** The same as a stream of events, like streamImage. Previews show what is drawn, without the picture that it is laid over. */
export function streamEdit(options: EditImageOptions): AsyncGenerator<ImageEvent, void, void> {
  checkOptions("editImage", options);
  const { model, signal, image, mask, seam = 4, ...rest } = options;
  return running({ model, signal }, IMAGE_MODELS, async function* (model) {
    check("seam", "a whole number from 0 to 64", seam, isIntegerIn(0, 64));
    const original = await pictureOf(model, image);
    const sides = [original.width, model.side];
    const region = regionOf(await readPicture("mask", mask, (size) => checkMaskSize(size, sides)));
    const { size } = rest as { readonly size?: unknown };
    if (size !== undefined)
      throw new ArgumentError("size", "nothing", size, "An edit has the size of its picture; resize that.");
    const request = requestOf(model, { ...rest, size: `${original.width}x${original.width}` });
    yield* drawImages(model, request, await editOf(model, request, original, region, seam), signal);
  });
}

/** The picture to edit. */
const pictureOf = ({ side }: ImageModel, source: PictureSource): Promise<Picture> =>
  readPicture("image", source, ({ width, height }) => {
    if (width === height && width <= 4 * side) return;
    const expected = `a square picture of at most ${4 * side} x ${4 * side} pixels`;
    const received = described(`a picture of ${width} x ${height}`);
    throw new ArgumentError("image", expected, received, "Crop, pad or shrink it, and its mask with it.");
  });

async function editOf(
  { side }: ImageModel,
  { route }: ImageRequest,
  original: Picture,
  region: Region,
  seam: number,
): Promise<Edit> {
  const cells = cellsOf(region, route.cells);
  const network = await route.network();
  const ids = await network.idsOf(await resized(original, side));
  const shares = sharesOf(region, original.width, seam);
  return {
    given: { ids, keep: network.keptBy(cells) },
    over: (drawn) => laidOver(original, drawn, shares),
    record: { imageSha256: sha256(original.data as Uint8Array), maskSha256: sha256(region.drawn), seam },
  };
}
