/** The manifest of a mask: what every manifest holds, its picture, prompt and settings, and the mask itself. */
import { isIntegerIn } from "../base/check.js";
import { isSha256, sha256 } from "../base/digest.js";
import { TOKEN_SAMPLING, type TokenSampling } from "../core/sampling/ranges.js";
import {
  closed,
  digest,
  type ManifestBase,
  type ManifestFormat,
  manifestOf,
  parseManifestOf,
  readManifestFile,
} from "../media/manifest.js";
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

type Kind = "tessera-mask-manifest";

export interface MaskManifest extends ManifestBase<Kind, keyof TokenSampling>, Asked, Made {}

const side = isIntegerIn(1, 2 ** 16);

const FORMAT: ManifestFormat<Kind, keyof TokenSampling, Asked, Made> = {
  kind: "tessera-mask-manifest",
  sampling: TOKEN_SAMPLING,
  asked: (of) => ({
    subject: closed(of.object("subject"), (subject) => ({
      prompt: subject.text("prompt", 1_000_000),
      imageSha256: subject.value("imageSha256", "64 hexadecimal digits or null", (v): v is string | null => {
        return v === null || isSha256(v);
      }),
    })),
    reading: of.word("reading", READINGS),
  }),
  made: (of) => ({
    mask: closed(of.object("mask"), (mask) => ({
      width: mask.number("width", "a whole number", side),
      height: mask.number("height", "a whole number", side),
      area: mask.number("area", "a whole number", isIntegerIn(0, 2 ** 32)),
      sha256: digest(mask, "sha256"),
    })),
  }),
};

/** The manifest of a mask that was found. */
export function maskManifest(
  model: MaskModel,
  request: MaskRequest,
  imageSha256: string | null,
  { index, ids, mask }: { readonly index: number; readonly ids: Int32Array; readonly mask: BinaryMask },
): MaskManifest {
  const { prompt, reading, route: files, sampling, decoding, seed } = request;
  const { width, height, inside } = mask;
  return manifestOf(
    FORMAT,
    model,
    { source: "generated", files, sampling, decoding, seed, index, ids },
    { subject: { prompt, imageSha256 }, reading },
    { mask: { width, height, area: areaOf(mask), sha256: sha256(inside) } },
  );
}

/** Reads a manifest file. Throws ArgumentError where it cannot be read, is no JSON, or has a field that is missing or wrong. */
export const readMaskManifest = async (path: string): Promise<MaskManifest> =>
  parseMaskManifest(await readManifestFile(path), path);

/** A checked manifest out of parsed JSON. Throws ArgumentError naming the field that is wrong. */
export const parseMaskManifest = (json: unknown, where = "manifest"): MaskManifest =>
  parseManifestOf(FORMAT, json, where);
