/** Whether a picture of an earlier run is the one that this run would make. */
import sharp from "sharp";
import { canonical } from "../base/canonical.js";
import { sha256 } from "../base/digest.js";
import { decodingOf } from "../core/index.js";
import { type ImageManifest, type ImageModel, readManifest, VERSION } from "../index.js";
import type { GalleryPrompt } from "./prompts.js";

/** Whether the manifest of the picture at `path` asks for the same, and its pixels are still those of the manifest. */
export async function isKept(
  model: ImageModel,
  path: string,
  { prompt, style }: GalleryPrompt,
  seed: number,
): Promise<boolean> {
  const manifest = await readManifest(`${path}.json`).catch(() => null); // none, or a damaged one: it is made again
  if (manifest === null) return false;
  const { guidance, guidanceUntil, temperature, topK, topP, minP } = model.defaults;
  const wanted: Partial<ImageManifest> = {
    tessera: VERSION,
    model: { name: model.name, revision: model.revision, sha256: model.sha256 },
    device: model.device.name,
    precision: model.precision,
    subject: { prompt, style },
    edit: null,
    decoding: decodingOf(model.decodings[0]),
    sampling: { guidance, guidanceUntil, temperature, topK, topP, minP },
    seed,
    index: 0,
  };
  const same = Object.entries(wanted).every(([name, value]) => {
    return canonical(manifest[name as keyof ImageManifest]) === canonical(value);
  });
  return same && (await rgbaOf(path)) === manifest.picture.rgbaSha256;
}

/** The digest of a file's pixels; null where it is no picture. */
async function rgbaOf(path: string): Promise<string | null> {
  const pixels = sharp(path).ensureAlpha().raw().toBuffer();
  return pixels.then(sha256, () => null);
}
