/** Finds a mask again from its manifest and says whether it is the same. */
import { checkOptions } from "../base/check.js";
import { sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { checkModel, compareManifests, type Verification } from "../media/verification.js";
import { type PictureSource, readPicture } from "../tokenizers/image/read-picture.js";
import type { GeneratedMask } from "./generated-mask.js";
import { type MaskManifest, parseMaskManifest } from "./manifest.js";
import type { MaskModel } from "./model.js";
import { generateMask, segmentImage } from "./segment-image.js";

export interface MaskVerification extends Verification {
  /** The mask found now. */
  readonly mask: GeneratedMask;
}

export interface VerifyMaskOptions {
  readonly model: MaskModel;
  /** The picture that it was found in; left out where there was none. */
  readonly image?: PictureSource | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds the mask of `manifest` again with `model` and compares tokens and mask. Another device, precision or version is reported as a
 * difference, but does not count against `same` if tokens and mask agree.
 *
 * @throws ArgumentError where the manifest is of another model or another picture.
 */
export async function verifyMask(manifest: MaskManifest, options: VerifyMaskOptions): Promise<MaskVerification> {
  const parsed = parseMaskManifest(manifest);
  checkOptions("verifyMask", options);
  const { model, image, signal } = options;
  checkModel(parsed, model);
  const { subject, reading, sampling, decoding, seed, index, tokens, mask: was } = parsed;
  const settings = { reading, ...sampling, decoding, seed, firstIndex: index, tokens: tokens.count, model, signal };
  const { prompt, imageSha256 } = subject;
  const { masks } =
    imageSha256 === null
      ? await generateMask({ ...settings, prompt, width: was.width, height: was.height })
      : await segmentImage({ ...settings, prompt, image: await sameImage(image, imageSha256) });
  const mask = masks[0]!;
  const output = { name: "mask", sha256: ({ mask }: MaskManifest) => mask.sha256 };
  return { ...compareManifests(parsed, mask.manifest, output), mask };
}

/** The picture, if it is the one of that digest. */
async function sameImage(image: PictureSource | undefined, digest: string) {
  const { width, height, data } = await readPicture("image", image as PictureSource, () => {});
  if (sha256(data as Uint8Array) !== digest)
    throw new ArgumentError("image", "the picture that the mask was found in", described("another picture"));
  return { width, height, rgba: data as Uint8Array };
}
