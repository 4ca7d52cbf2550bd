/** Spectra as pictures: time to the right, pitch upwards. */
import sharp from "sharp";
import { heatColour } from "../../base/heat-colour.js";
import type { Figure } from "../medium.js";
import { MELS, type Spectrum } from "./spectrum.js";

const HEIGHT = 192;
const LEAST_WIDTH = 320;

/** A spectrum from silence to its loudest place. */
export function spectrumPicture(title: string, { data, frames }: Spectrum, silence: number): Promise<Figure> {
  const loudest = data.reduce((a, b) => Math.max(a, b), silence + 1);
  return drawn(title, frames, (mel, frame) => {
    return heatColour((data[mel * frames + frame]! - silence) / (loudest - silence));
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
