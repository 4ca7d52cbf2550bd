/** Pictures: generated ones, files, bytes, pixels. */
import { isObject } from "../../base/check.js";
import type { PictureSource } from "../../index.js";
import { type Picture, readPicture } from "../../tokenizers/index.js";
import { onlyItem } from "../only-item.js";
import type { Medium } from "../medium.js";
import { compareImages, type ImageMeasure } from "./compare-images.js";
import { pngOf } from "./figures.js";

export const IMAGES: Medium<Picture, ImageMeasure> = {
  noun: "picture",
  extension: "png",
  tolerance: { psnr: 45, ssim: 0.99, localSsim: 0.9 },
  async read(received) {
    const item = onlyItem(received);
    if (isObject(item) && item.data instanceof Uint8Array) {
      const { width, height, data } = item as unknown as { width: number; height: number; data: Uint8Array };
      return readPicture("expect", { width, height, rgba: data });
    }
    return readPicture("expect", item as PictureSource);
  },
  encode: (picture, marking) => pngOf(picture, marking),
  decode: (golden) => readPicture("golden", golden),
  compare: compareImages,
};
