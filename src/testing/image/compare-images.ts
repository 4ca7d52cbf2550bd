/** How far apart two pictures are to an eye, on any background. */
import type { Picture } from "../../tokenizers/index.js";
import type { Comparison, Measure } from "../medium.js";
import { changeOf } from "./change.js";
import { differenceOf, pngOf } from "./figures.js";
import { ssimMap } from "./ssim.js";

export type ImageMeasure = "psnr" | "ssim" | "localSsim";

/** On black and on white together every change of colour or of transparency shows. */
const BACKGROUNDS = { black: 0, white: 255 } as const;

interface Seen {
  readonly background: keyof typeof BACKGROUNDS;
  readonly psnr: number;
  readonly ssim: number;
  readonly lowest: { readonly value: number; readonly x: number; readonly y: number };
}

/**
 * PSNR in dB, mean SSIM, and the lowest SSIM of any place, each of the background and the channel on which it is worst. Equal pictures have
 * an infinite PSNR and an SSIM of 1; what lies under full transparency does not count.
 */
export function compareImages(expected: Picture, received: Picture): Comparison<ImageMeasure> {
  const { width, height } = expected;
  const files = async () => [
    { title: "Expected", mediaType: "image/png" as const, bytes: await pngOf(expected) },
    { title: "Received", mediaType: "image/png" as const, bytes: await pngOf(received) },
  ];
  if (received.width !== width || received.height !== height) {
    const mismatch = `It has ${received.width} x ${received.height} pixels instead of ${width} x ${height}.`;
    return { mismatch, measures: [], notes: [], figures: files };
  }
  const opaque = [expected, received].every(({ data }) => data.every((value, i) => i % 4 !== 3 || value === 255));
  const backgrounds = opaque ? (["black"] as const) : (["black", "white"] as const);
  const seen = backgrounds.map((background) => seenOn(background, expected, received));
  const least = (by: (one: Seen) => number) => seen.reduce((a, b) => (by(b) < by(a) ? b : a));
  const lowest = least(({ lowest }) => lowest.value).lowest;
  const measures: Measure<ImageMeasure>[] = [
    { name: "psnr", label: "PSNR", value: least(({ psnr }) => psnr).psnr, unit: "dB", better: "higher" },
    { name: "ssim", label: "SSIM", value: least(({ ssim }) => ssim).ssim, unit: "", better: "higher" },
    { name: "localSsim", label: "SSIM, lowest", value: lowest.value, unit: "", better: "higher" },
  ];
  const figures = async () => [
    ...(await files()),
    { title: "Difference", mediaType: "image/png" as const, bytes: await pngOf(differenceOf(expected, received)) },
  ];
  return { mismatch: null, measures, notes: notesOf(expected, received, lowest), figures };
}

function seenOn(background: keyof typeof BACKGROUNDS, expected: Picture, received: Picture): Seen {
  const { width, height } = expected;
  let squares = 0;
  let ssim = Infinity;
  let lowest = { value: Infinity, x: 0, y: 0 };
  for (const channel of [0, 1, 2]) {
    const [a, b] = [expected, received].map((picture) => laidOn(BACKGROUNDS[background], picture, channel)) as [
      Float64Array,
      Float64Array,
    ];
    const change = a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
    squares += change;
    const map = change === 0 ? new Float64Array(a.length).fill(1) : ssimMap(a, b, width, height);
    ssim = Math.min(ssim, map.reduce((sum, value) => sum + value, 0) / map.length);
    map.forEach((value, i) => {
      if (value < lowest.value) lowest = { value, x: i % width, y: Math.floor(i / width) };
    });
  }
  const mean = squares / (3 * width * height);
  return { background, psnr: mean === 0 ? Infinity : 10 * Math.log10(255 ** 2 / mean), ssim, lowest };
}

/** One channel of the picture over a grey. */
function laidOn(grey: number, { width, height, data }: Picture, channel: number): Float64Array {
  return Float64Array.from({ length: width * height }, (_, i) => {
    const alpha = data[4 * i + 3]! / 255;
    return data[4 * i + channel]! * alpha + grey * (1 - alpha);
  });
}

function notesOf(a: Picture, b: Picture, lowest: { readonly x: number; readonly y: number }): readonly string[] {
  const { width } = a;
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  let pixels = 0;
  let step = 0;
  for (let i = 0; i < a.data.length / 4; i++) {
    const change = changeOf(a, b, i);
    if (change === 0) continue;
    pixels++;
    step = Math.max(step, change);
    const [x, y] = [i % width, Math.floor(i / width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  }
  if (pixels === 0) return [];
  const share = ((100 * pixels) / (a.data.length / 4)).toPrecision(2);
  const size = `${box.right - box.left + 1} x ${box.bottom - box.top + 1}`;
  return [
    `${pixels} ${pixels === 1 ? "pixel differs" : "pixels differ"} (${share} %), by ${step} of 255 at most, within ${size} pixels from (${box.left}, ${box.top}).`,
    `They are least alike around (${lowest.x}, ${lowest.y}).`,
  ];
}
