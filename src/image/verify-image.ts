/** Makes a picture again from its manifest and says whether it is the same. */
import type { Options } from "../base/check.js";
import { ArgumentError } from "../base/errors.js";
import { generateImage } from "./generate-image.js";
import type { GeneratedImage } from "./generated-image.js";
import { type ImageManifest, sha256OfIds } from "./manifest.js";
import type { ImageModel } from "./model.js";
import type { ImageSettings } from "./request.js";

export interface ImageVerification {
  /** Tokens and pixels are those of the manifest. */
  readonly same: boolean;
  /** What differs, in words: files of the model, device, version, tokens, pixels. Empty when nothing does. */
  readonly differences: readonly string[];
  /** The picture made now. */
  readonly image: GeneratedImage;
}

/**
 * Regenerates the picture of `manifest` with `model` and compares tokens and pixels. Another device, precision or version is
 * reported as a difference, but does not count against `same` if tokens and pixels agree.
 *
 * @throws ArgumentError where the manifest is of another model, or of features or an edited picture, which it does not hold.
 */
export async function verifyImage(
  manifest: ImageManifest,
  { model, signal }: { readonly model: ImageModel; readonly signal?: AbortSignal | undefined },
): Promise<ImageVerification> {
  if (manifest.model.name !== model.name) {
    throw new ArgumentError("model", `the model of the manifest, ${manifest.model.name}`, model.name);
  }
  const { subject, sampling, decoding, seed, index, picture } = manifest;
  if ("featuresSha256" in subject) {
    const remedy = "Call generateImage with the same features and compare the manifests.";
    throw new ArgumentError("manifest.subject", "a prompt or a class", "features", remedy);
  }
  if (manifest.edit) {
    const remedy = "Call editImage with the same picture and mask and compare the manifests.";
    throw new ArgumentError("manifest.edit", "a picture that was made from nothing", "an edit", remedy);
  }
  const settings: Options<ImageSettings> = {
    ...sampling,
    ...{ decoding, seed, firstIndex: index, n: 1, format: picture.format, size: `${picture.width}x${picture.height}` },
  };
  const { images } = await generateImage({ ...subject, ...settings, model, signal });
  const image = images[0]!;
  const now = image.manifest;
  const files = Object.keys({ ...manifest.model.sha256, ...now.model.sha256 });
  const changed = files.filter((file) => manifest.model.sha256[file] !== now.model.sha256[file]);
  const different = (what: string, then: string, found: string) =>
    then === found ? [] : [`${what}: was ${then}, is ${found}`];
  const tokens = manifest.tokens.sha256 === sha256OfIds(image.ids);
  const pixels = picture.rgbaSha256 === now.picture.rgbaSha256;
  const differences = [
    ...different("version", manifest.tessera, now.tessera),
    ...different("revision of the model", manifest.model.revision, now.model.revision),
    ...changed.map((file) => `file of the model: ${file}`),
    ...different("device", manifest.device, now.device),
    ...different("precision", manifest.precision, now.precision),
    ...(tokens ? [] : ["tokens"]),
    ...(pixels ? [] : ["pixels"]),
  ];
  return { same: tokens && pixels, differences, image };
}
