/**
 * Pictures as people keep them (RGBA bytes, straight alpha) and as networks see them (float32 planes in [-1, 1]).
 *
 * A tokenizer with four channels sees premultiplied colour, so that whatever lies under full transparency is one value
 * (-1 in every channel) and edges do not bleed; one with three sees plain RGB (LlamaGen, arXiv 2406.06525 §3.1).
 */
import { ArgumentError } from "../../base/errors.js";
import { described } from "../../base/words.js";
import { type FloatTensor } from "../../engine/tensor.js";

/** A picture of `height` rows of `width` pixels; each pixel is four bytes, red, green, blue, alpha, not premultiplied. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** What the network sees: 3 = RGB, 4 = premultiplied RGBA. */
export type Channels = 3 | 4;

/** A colour for what lies behind transparency when a network knows none. */
export type Colour = readonly [red: number, green: number, blue: number];
const WHITE: Colour = [255, 255, 255];

/**
 * Pictures of one size to [B, C, Y, X] in [-1, 1]. With three channels, transparency is laid over `background`.
 *
 * @throws ArgumentError where there is no picture, sizes differ, or bytes do not cover width x height.
 */
export function pixelsOf(pictures: readonly Picture[], channels: Channels, background: Colour = WHITE): FloatTensor {
  const first = pictures[0];
  if (!first) throw new ArgumentError("pictures", "at least one picture", pictures);
  const { width, height } = first;
  const area = width * height;
  const data = new Float32Array(pictures.length * channels * area);
  pictures.forEach((picture, item) => {
    checkPicture(picture, width, height);
    const bytes = picture.data;
    const base = item * channels * area;
    for (let i = 0; i < area; i++) {
      const alpha = bytes[4 * i + 3]!;
      for (let c = 0; c < 3; c++) {
        const behind = channels === 3 ? background[c]! * (255 - alpha) : 0;
        // Rounded to a byte as in the pictures that the networks were trained on.
        data[base + c * area + i] = Math.round((bytes[4 * i + c]! * alpha + behind) / 255) / 127.5 - 1;
      }
      if (channels === 4) data[base + 3 * area + i] = alpha / 127.5 - 1;
    }
  });
  return { shape: [pictures.length, channels, height, width], data };
}

/**
 * Alpha below this is cleared when a picture is made of what a decoder gave: decoders are trained on squared errors, and leave a haze
 * around every shape that no picture of the training sets has. A clean edge loses a quarter of a pixel at most.
 */
const FAINT = 32;

/**
 * [B, C, Y, X] (decoded, so slightly outside [-1, 1] is usual: it is clamped) to one picture an item.
 * A value becomes the nearest byte, floor(127.5 x + 128), as LlamaGen writes its samples. Pixels of
 * faint alpha become four zeros, so no haze surrounds a shape, files compress, and no colour hides in them; no colour exceeds its alpha.
 *
 * @throws ArgumentError for another shape than [B, 3 | 4, Y, X].
 */
export function picturesOf(pixels: FloatTensor): Picture[] {
  const [items, channels, height, width] = pixels.shape as [number, number, number, number];
  if (pixels.shape.length !== 4 || (channels !== 3 && channels !== 4)) {
    throw new ArgumentError("pixels", "a tensor [B, 3 or 4, Y, X]", described(`a tensor [${pixels.shape}]`));
  }
  const area = height * width;
  return Array.from({ length: items }, (_, item) => {
    const planes = pixels.data.subarray(item * channels * area, (item + 1) * channels * area);
    const data = new Uint8Array(4 * area);
    for (let i = 0; i < area; i++) {
      const alpha = channels === 4 ? byteOf(planes[3 * area + i]!) : 255;
      if (alpha < FAINT) continue;
      data[4 * i + 3] = alpha;
      for (let c = 0; c < 3; c++) data[4 * i + c] = straight(planes[c * area + i]!, alpha);
    }
    return { width, height, data };
  });
}

/** The value of a blank pixel in every channel: premultiplied transparent black, or the middle of RGB. */
export const blankLevel = (channels: number): number => (channels === 4 ? -1 : 0);

/**
 * Checks a batch that is about to be encoded: [B, channels, Y, X], values of pixels.
 *
 * @throws ArgumentError otherwise.
 */
export function checkPixels({ shape, data }: FloatTensor, channels: Channels): void {
  const [B, C, Y, X] = shape;
  const ok = shape.length === 4 && B! > 0 && C === channels && Y! > 0 && X! > 0;
  if (!ok) throw new ArgumentError("pixels", `a tensor [B, ${channels}, Y, X]`, described(`a tensor [${shape}]`));
  // Decoded pictures may be encoded again as they are, so a little outside of [-1, 1] is accepted; bytes as floats are not.
  const stray = data.find((value) => !(value >= -2 && value <= 2));
  if (stray !== undefined) throw new ArgumentError("pixels", "values in [-1, 1]", stray);
}

/** Checks that the bytes of a picture are there, and that it has the size of its batch. */
function checkPicture({ width, height, data }: Picture, expectedWidth: number, expectedHeight: number): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ArgumentError("picture", "a width and a height of at least 1", described(`${width} x ${height}`));
  }
  if (width !== expectedWidth || height !== expectedHeight) {
    throw new ArgumentError(
      "pictures",
      `pictures of one size (the first has ${expectedWidth} x ${expectedHeight})`,
      described(`one of ${width} x ${height}`),
      "Crop or resize them to one size, or encode them one by one.",
    );
  }
  if (data.length !== 4 * width * height) {
    throw new ArgumentError("picture.data", `${4 * width * height} bytes (RGBA)`, described(`${data.length} bytes`));
  }
}

/** [-1, 1] to the nearest byte. A number that is none becomes 0: a byte array has no other way to hold it. */
const byteOf = (x: number): number => Math.min(255, Math.max(0, Math.floor(127.5 * x + 128))) || 0;

/** The byte that, multiplied by alpha, comes nearest to the premultiplied value. */
const straight = (x: number, alpha: number): number =>
  Math.min(255, Math.max(0, Math.round(((x + 1) * 127.5 * 255) / alpha))) || 0;
