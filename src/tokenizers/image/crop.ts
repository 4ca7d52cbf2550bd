/**
 * The centre crop by which the class-conditional models saw their pictures ("ADM crop", Dhariwal and Nichol 2021,
 * used unchanged by LlamaGen and VAR): halve by boxes while the short side is at least twice the size, bring it to the
 * size bicubically, cut out the middle.
 *
 * The resampling is Pillow's: separable, rows first, supports widened when shrinking, coefficients in fixed point and
 * bytes in between. It agrees with Pillow to the byte, so encoded ids agree with the reference.
 */
import { check, isIntegerIn } from "../../base/check.js";
import { roundHalfEven } from "../../base/round.js";
import type { Picture } from "./pixels.js";

/** Any picture to `size` x `size`. Each resampling step premultiplies and divides again, as Pillow does. */
export function centreCrop(picture: Picture, size: number): Picture {
  check("size", "an integer from 1 to 16384", size, isIntegerIn(1, 16384));
  let image = picture;
  while (Math.min(image.width, image.height) >= 2 * size) {
    image = resize(image, Math.floor(image.width / 2), Math.floor(image.height / 2), BOX);
  }
  const scale = size / Math.min(image.width, image.height);
  image = resize(image, roundHalfEven(image.width * scale), roundHalfEven(image.height * scale), BICUBIC);
  return cut(image, size);
}

interface Kernel {
  readonly support: number;
  readonly weight: (x: number) => number;
}

const BOX: Kernel = { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };

/** Keys' cubic convolution with a = -1/2. */
const BICUBIC: Kernel = {
  support: 2,
  weight: (signed) => {
    const x = Math.abs(signed);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
    return 0;
  },
};

/** Fixed point: 8 bits of picture, 2 of headroom, the rest of 32 for the coefficients. */
const FRACTION_BITS = 22;

interface Window {
  readonly start: number;
  readonly weights: readonly number[]; // fixed point, they sum to about 2^22
}

/** For each output position the input positions that it is made of. */
function windows(from: number, to: number, kernel: Kernel): Window[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(from, Math.trunc(centre + support + 0.5));
    const raw = Array.from({ length: end - start }, (_, k) => kernel.weight((k + start - centre + 0.5) / stretch));
    const sum = raw.reduce((a, b) => a + b, 0);
    return { start, weights: raw.map((weight) => roundHalfAway((weight / sum) * 2 ** FRACTION_BITS)) };
  });
}

function resize(picture: Picture, width: number, height: number, kernel: Kernel): Picture {
  if (picture.width === width && picture.height === height) return picture;
  return unpremultiplied(resizeRows(resizeColumns(premultiplied(picture), width, kernel), height, kernel));
}

/** Changes the width. */
function resizeColumns(picture: Picture, width: number, kernel: Kernel): Picture {
  if (picture.width === width) return picture;
  const { height } = picture;
  const data = new Uint8Array(4 * width * height);
  windows(picture.width, width, kernel).forEach(({ start, weights }, x) => {
    for (let y = 0; y < height; y++) {
      mix(picture.data, 4 * (y * picture.width + start), 4, weights, data, 4 * (y * width + x));
    }
  });
  return { width, height, data };
}

/** Changes the height. */
function resizeRows(picture: Picture, height: number, kernel: Kernel): Picture {
  if (picture.height === height) return picture;
  const { width } = picture;
  const data = new Uint8Array(4 * width * height);
  windows(picture.height, height, kernel).forEach(({ start, weights }, y) => {
    for (let x = 0; x < width; x++) {
      mix(picture.data, 4 * (start * width + x), 4 * width, weights, data, 4 * (y * width + x));
    }
  });
  return { width, height, data };
}

/** Writes the weighted sum of pixels that lie `step` bytes apart. */
function mix(
  from: Picture["data"],
  at: number,
  step: number,
  weights: readonly number[],
  to: Uint8Array,
  target: number,
): void {
  for (let c = 0; c < 4; c++) {
    let sum = 2 ** (FRACTION_BITS - 1);
    for (let k = 0; k < weights.length; k++) sum += from[at + k * step + c]! * weights[k]!;
    to[target + c] = Math.min(255, Math.max(0, Math.floor(sum / 2 ** FRACTION_BITS)));
  }
}

function cut({ width, height, data }: Picture, size: number): Picture {
  const top = Math.floor((height - size) / 2);
  const left = Math.floor((width - size) / 2);
  const out = new Uint8Array(4 * size * size);
  for (let y = 0; y < size; y++) {
    const start = 4 * ((top + y) * width + left);
    out.set(data.subarray(start, start + 4 * size), 4 * y * size);
  }
  return { width: size, height: size, data: out };
}

/** Pillow's integer form of colour x alpha / 255, rounded. */
function premultiplied({ width, height, data }: Picture): Picture {
  return {
    width,
    height,
    data: Uint8Array.from(data, (value, i) => {
      const alpha = data[i | 3]!;
      if ((i & 3) === 3) return alpha;
      const product = value * alpha + 128;
      return ((product >> 8) + product) >> 8;
    }),
  };
}

function unpremultiplied({ width, height, data }: Picture): Picture {
  return {
    width,
    height,
    data: Uint8Array.from(data, (value, i) => {
      const alpha = data[i | 3]!;
      return (i & 3) === 3 || alpha === 0 || alpha === 255 ? value : Math.min(255, Math.floor((255 * value) / alpha));
    }),
  };
}

const roundHalfAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
