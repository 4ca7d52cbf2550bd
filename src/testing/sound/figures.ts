/** Spectra as pictures: time to the right, pitch upwards. */
import sharp from "sharp";
import type { Figure } from "../medium.js";
import { MELS, type Spectrum } from "./spectrum.js";

const HEIGHT = 192;
const LEAST_WIDTH = 320;

/** Dark to light through violet and orange, in even steps. */
const HEAT = [
  [8, 7, 22],
  [66, 15, 98],
  [142, 38, 107],
  [214, 70, 72],
  [250, 141, 34],
  [249, 240, 150],
] as const;

/** A spectrum from silence to its loudest place. */
export function spectrumPicture(title: string, { data, frames }: Spectrum, silence: number): Promise<Figure> {
  const loudest = data.reduce((a, b) => Math.max(a, b), silence + 1);
  return drawn(title, frames, (mel, frame) => {
    const level = (data[mel * frames + frame]! - silence) / (loudest - silence);
    const at = Math.min(1, Math.max(0, level)) * (HEAT.length - 1);
    const [low, high] = [HEAT[Math.floor(at)]!, HEAT[Math.ceil(at)]!];
    return [0, 1, 2].map((c) => low[c]! + (high[c]! - low[c]!) * (at % 1));
  });
}

/** Decibels of difference: 6 and more are the full colour. */
export function differencePicture(
  title: string,
  frames: number,
  decibels: (mel: number, frame: number) => number,
): Promise<Figure> {
  return drawn(title, frames, (mel, frame) => {
    const change = Math.min(1, Math.max(-1, decibels(mel, frame) / 6));
    const fade = 245 * (1 - Math.abs(change));
    return change > 0 ? [245, fade, fade] : [fade, fade, 245];
  });
}

async function drawn(
  title: string,
  frames: number,
  colour: (mel: number, frame: number) => readonly number[],
): Promise<Figure> {
  const data = new Uint8Array(3 * MELS * frames);
  for (let mel = 0; mel < MELS; mel++)
    for (let frame = 0; frame < frames; frame++) data.set(colour(mel, frame), 3 * ((MELS - 1 - mel) * frames + frame));
  const bytes = await sharp(data, { raw: { width: frames, height: MELS, channels: 3 } })
    .resize(Math.min(2048, Math.max(frames, LEAST_WIDTH)), HEIGHT, { fit: "fill", kernel: "nearest" })
    .png()
    .toBuffer();
  return { title, mediaType: "image/png", bytes };
}
