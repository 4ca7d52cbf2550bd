/** Makes a picture again from its manifest and says whether it is the same. */
import { checkOptions, type Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { encoderDifferences } from "../media/given-text-encoder.js";
import { checkModel, compareManifests, type Verification } from "../media/verification.js";
import { fileDifferences } from "./compare-file.js";
import { generateImage } from "./generate-image.js";
import type { GeneratedImage } from "./generated-image.js";
import { type ImageManifest, parseManifest } from "./manifest.js";
import type { ImageModel } from "./model.js";
import type { ImageSettings } from "./request.js";

export interface ImageVerification extends Verification {
  /** The picture made now. */
  readonly image: GeneratedImage;
}

export interface VerifyOptions {
  readonly model: ImageModel;
  readonly signal?: AbortSignal | undefined;
  /** The path or the bytes of the picture file: it is compared as well. */
  readonly file?: string | Uint8Array | undefined;
}

/**
 * Regenerates the picture of `manifest` with `model` and compares tokens, pixels and, where one is given, the file. Another device, precision or version is
 * reported as a difference, but does not count against `same` if these agree.
 *
 * @throws ArgumentError where the manifest is of another model, or of features or an edited picture, which it does not hold.
 */
export async function verifyImage(manifest: ImageManifest, options: VerifyOptions): Promise<ImageVerification> {
  const parsed = parseManifest(manifest);
  checkOptions("verifyImage", options);
  const { model, signal, file } = options;
  checkModel(parsed, model);
  const { subject, sampling, decoding, seed, index, candidates, picture } = parsed;
  if ("featuresSha256" in subject) {
    const remedy = "Call generateImage with the same features, and compare the manifests.";
    throw new ArgumentError("manifest.subject", "a prompt or a class", described("features"), remedy);
  }
  if (parsed.edit) {
    const remedy = "Call editImage with the same picture and mask, and compare the manifests.";
    throw new ArgumentError("manifest.edit", "a picture that was made from nothing", described("an edit"), remedy);
  }
  const settings: Options<ImageSettings> = {
    ...sampling,
    ...{ decoding, seed, firstIndex: index, n: 1, format: picture.format, size: `${picture.width}x${picture.height}` },
    candidates: candidates.count,
  };
  const asked = "textEncoder" in subject ? { prompt: subject.prompt } : subject;
  const { images } = await generateImage({ ...asked, ...settings, model, signal });
  const image = images[0]!;
  const pixels = { name: "pixels", sha256: ({ picture }: ImageManifest) => picture.rgbaSha256 };
  const { same, differences } = compareManifests(parsed, image.manifest, pixels);
  const stray = file === undefined ? [] : await fileDifferences(file, parsed, image);
  const [was, is] = [subject, image.manifest.subject].map((s) => ("textEncoder" in s ? s.textEncoder : null));
  const encoders = encoderDifferences(was!, is!);
  return { same: same && stray.length === 0, differences: [...differences, ...encoders, ...stray], image };
}
