/** The manifest of a mask: what every manifest holds, its picture, prompt and settings, and the mask itself. */
import { isSha256, sha256 } from "../base/digest.js";
import { digest, orNull, record, text, whole, word } from "../base/rows.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import { type ManifestBase, manifests } from "../media/manifest.js";
import { areaOf, type BinaryMask } from "./binary-mask.js";
import type { MaskModel } from "./model.js";
import { type MaskRequest, READINGS, type Reading } from "./request.js";

interface Asked {
  readonly subject: {
    readonly prompt: string;
    /** Of the picture's RGBA bytes; null: there was none. */
    readonly imageSha256: string | null;
  };
  /** How its tokens were read. */
  readonly reading: Reading;
}

interface Made {
  readonly mask: {
    readonly width: number;
    readonly height: number;
    /** Pixels that belong to it. */
    readonly area: number;
    /** Of a byte per pixel, 0 or 1, in raster order. */
    readonly sha256: string;
  };
}

export interface MaskManifest extends ManifestBase<"tessera-mask-manifest", keyof TokenSampling>, Asked, Made {}

const MANIFESTS = manifests({
  kind: "tessera-mask-manifest",
  sampling: TOKEN_SAMPLING,
  asked: {
    subject: record({ prompt: text(1_000_000), imageSha256: orNull("64 hexadecimal digits", isSha256) }),
    reading: word(READINGS),
  },
  made: {
    mask: record({ width: whole(1, 2 ** 16), height: whole(1, 2 ** 16), area: whole(0, 2 ** 32), sha256: digest }),
  },
});

/** The manifest of a mask that was found. */
export function maskManifest(
  model: MaskModel,
  request: MaskRequest,
  imageSha256: string | null,
  { index, ids, mask }: { readonly index: number; readonly ids: Int32Array; readonly mask: BinaryMask },
): MaskManifest {
  const { prompt, reading, route: files } = request;
  const { width, height, inside } = mask;
  return MANIFESTS.of(
    model,
    { ...request, source: "generated", files, index, ids },
    { subject: { prompt, imageSha256 }, reading },
    { mask: { width, height, area: areaOf(mask), sha256: sha256(inside) } },
  );
}

/** Reads a manifest file. Throws InputError where it cannot be read or is no JSON; ArgumentError for a field that is wrong. */
export const readMaskManifest: (path: string) => Promise<MaskManifest> = MANIFESTS.read;

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseMaskManifest: (json: unknown, where?: string) => MaskManifest = MANIFESTS.parse;
