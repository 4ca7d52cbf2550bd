/** Masks as tokens, and tokens as masks; no segmenter takes part. */
import { check, checkOptions } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { i32 } from "../engine/tensor.js";
import { MASK_MODELS, type MaskModel } from "./model.js";
import { type BinaryMask, checkSize, type MaskSource, readMask } from "./binary-mask.js";
import { maskAt, seenMask } from "./resample.js";

export interface MaskCoding {
  /** A loaded model, or the name or folder of one. Default: the embedded model. */
  readonly model?: MaskModel | string | undefined;
}

/**
 * The tokens of a mask, from coarse to fine: any number of the first ones is a mask, too. The mask is squashed to the model's square, and
 * a picture of one is cut where it is half as bright as white.
 *
 * @throws ArgumentError for a mask that is none, is too large or has no pixel inside, which no tokens stand for; what loadMaskModel throws.
 * @example
 * const ids = await encodeMask("mask.png", { model });
 * const coarse = await decodeMask(ids.slice(0, 8), { model, width: 640, height: 480 });
 */
export async function encodeMask(mask: MaskSource, options: MaskCoding = {}): Promise<Int32Array> {
  checkOptions("encodeMask", options);
  const bits = await readMask(mask);
  if (!bits.inside.includes(1)) {
    const remedy = "An empty mask needs no tokens; keep it as such.";
    throw new ArgumentError("mask", "at least one pixel inside", described("a mask without any"), remedy);
  }
  return using(options, async ({ masks }) => {
    const ids = await masks.encode(await seenMask(bits, masks.side));
    return Int32Array.from(ids.data);
  });
}

export interface DecodeMaskOptions extends MaskCoding {
  /** Pixels of the mask, such as those of its picture. */
  readonly width: number;
  readonly height: number;
}

/**
 * The mask of tokens, all or the first of them, of any size.
 *
 * @throws ArgumentError for no tokens, too many, or one that the model does not have; for a size that no mask has.
 */
export async function decodeMask(ids: ArrayLike<number>, options: DecodeMaskOptions): Promise<BinaryMask> {
  checkOptions("decodeMask", options);
  const { width, height, ...coding } = options;
  checkSize("size", { width, height });
  return using(coding, async ({ masks }) => {
    const { tokens } = masks;
    check("ids", `1 to ${tokens} tokens`, ids, (list) => list?.length >= 1 && list.length <= tokens);
    const { data } = await masks.decode(i32([1, ids.length], Array.from(ids)));
    return maskAt(data, { width, height });
  });
}

/** Works with the model that the caller brings, or with one that is borrowed for it. */
async function using<T>({ model: source }: MaskCoding, work: (model: MaskModel) => Promise<T>): Promise<T> {
  if (typeof source === "object") return work(source);
  const { model, release } = await MASK_MODELS.borrow(source);
  try {
    return await work(model);
  } finally {
    release();
  }
}
