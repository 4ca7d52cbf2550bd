/** Pictures: cut to what is seen, resized, written as PNG, WebP, AVIF or JPEG, or as the icons of applications. */
import sharp from "sharp";
import { z } from "zod";
import { type ImageFormat, type Picture, pictureFile } from "../../index.js";
import { icns, ICNS_SIDES, ico } from "./icons.js";
import { change, mediumOf, write } from "./medium.js";

const SIDE = z.int().min(1).max(4096);

const RESIZE = z.union([
  SIDE.describe("Side of the square that holds the picture, in pixels."),
  z.strictObject({
    width: SIDE,
    height: SIDE,
    fit: z.enum(["contain", "cover", "fill"]).default("contain").describe("contain: whole, with transparent bands."),
    kernel: z.enum(["lanczos3", "nearest", "mitchell"]).default("lanczos3").describe("nearest keeps pixel art sharp."),
  }),
]);

const TRIM = z.strictObject({
  threshold: z.int().min(0).max(254).default(0).describe("Pixels of at most this alpha count as transparent."),
  padding: z.int().min(0).max(1024).default(0).describe("Transparent pixels to keep around the picture."),
});

const SIDES = z.array(z.int().min(8).max(256)).min(1).max(16);

const ICONS = z.strictObject({
  ico: SIDES.default([16, 32, 48, 256]).describe("Sides of the pictures in the .ico file."),
  icns: z.boolean().default(true).describe("Whether to write an .icns file for macOS."),
  png: z.array(SIDE).max(16).default([]).describe("Sides of single PNG files, such as 180 for a web page on a phone."),
});

export const PICTURE = mediumOf<Picture, ImageFormat>({
  plural: "pictures",
  formats: ["png", "webp", "avif", "jpeg"],
  kept: "png",
  decode: pictureOf,
  encode: pictureFile,
  // A cut-out has the manifest of its mask, which is no manifest of its file.
  manifestAs: (manifest, format) =>
    manifest.picture ? { ...manifest, picture: { ...(manifest.picture as object), format } } : null,
  steps: {
    resize: change("Resamples to a square, or to a width and a height.", RESIZE, (picture, options) =>
      resized(picture, typeof options === "number" ? { ...SQUARE, width: options, height: options } : options),
    ),
    trim: change("Crops transparent borders.", TRIM, trimmed),
    icons: write(
      "Icons of an application: .ico for Windows, .icns for macOS, single PNG files.",
      ICONS,
      async (item, o) => {
        const png = (side: number) => iconOf(item.value, side).then((icon) => pictureFile(icon, "png", item.marking));
        const all = async (sides: readonly number[]) =>
          Promise.all([...new Set(sides)].map(async (side) => ({ side, png: await png(side) })));
        const apple = o.icns ? [{ suffix: ".icns", bytes: icns(await all(ICNS_SIDES)) }] : [];
        const single = (await all(o.png)).map(({ side, png }) => ({ suffix: `-${side}.png`, bytes: png }));
        return [{ suffix: ".ico", bytes: ico(await all(o.ico)) }, ...apple, ...single];
      },
    ),
  },
});

const SQUARE = { fit: "contain", kernel: "lanczos3" } as const;

async function pictureOf(bytes: Uint8Array): Promise<Picture> {
  const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

const raw = ({ width, height, data }: Picture) => sharp(data as Uint8Array, { raw: { width, height, channels: 4 } });

interface Target {
  readonly width: number;
  readonly height: number;
  readonly fit: "contain" | "cover" | "fill";
  readonly kernel: "lanczos3" | "nearest" | "mitchell";
}

async function resized(picture: Picture, { width, height, fit, kernel }: Target): Promise<Picture> {
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const { data, info } = await raw(picture)
    .resize({ width, height, fit, kernel, background: clear })
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 0) data.fill(0, i, i + 3); // no colour hides in transparency
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The picture in a square of that side, whole. */
const iconOf = (picture: Picture, side: number): Promise<Picture> =>
  resized(picture, { ...SQUARE, width: side, height: side });

/** What is more opaque than the threshold, with its padding; a picture of nothing stays as it is. */
export function trimmed(picture: Picture, { threshold, padding }: z.output<typeof TRIM>): Picture {
  const { width, height, data } = picture;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3]! <= threshold) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  if (right < 0) return picture;
  const [w, h] = [right - left + 1 + 2 * padding, bottom - top + 1 + 2 * padding];
  const out = new Uint8Array(4 * w * h);
  for (let y = top; y <= bottom; y++) {
    const row = data.subarray(4 * (y * width + left), 4 * (y * width + right + 1));
    out.set(row, 4 * ((y - top + padding) * w + padding));
  }
  return { width: w, height: h, data: out };
}
