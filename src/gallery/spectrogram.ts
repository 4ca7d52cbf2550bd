/** The spectrogram of a sound as a picture: time to the right, pitch upwards in mels, louder is brighter. */
import sharp from "sharp";
import { heatColour } from "../base/heat-colour.js";
import { writeWhole } from "../base/write-file.js";
import { type Marking, type Sound, xmpOf } from "../index.js";
import { logMel } from "../tokenizers/index.js";

/** Pixels; the page stretches it to the width of its card. */
const WIDTH = 480;
const HEIGHT = 96;

const MELS = 96;

/** Decibels from the loudest place down to the darkest colour. */
const RANGE = 70;

/** Writes the picture, unless it is there: the name that it is given is that of the sound. */
export async function drawSpectrogram(sound: Sound, path: string, marking: Marking): Promise<void> {
  const there = await sharp(path)
    .metadata()
    .then(({ width, height }) => width === WIDTH && height === HEIGHT)
    .catch(() => false);
  if (there) return;
  const { frames, decibels } = spectrumOf(sound);
  const loudest = decibels.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const rgb = new Uint8Array(3 * decibels.length);
  decibels.forEach((value, i) => {
    const [mel, frame] = [Math.floor(i / frames), i % frames];
    rgb.set(heatColour(1 + (value - loudest) / RANGE), 3 * ((MELS - 1 - mel) * frames + frame));
  });
  const picture = sharp(rgb, { raw: { width: frames, height: MELS, channels: 3 }, limitInputPixels: false })
    .resize(WIDTH, HEIGHT, { fit: "fill" })
    .withXmp(xmpOf(marking));
  await writeWhole(path, await picture.webp({ quality: 85 }).toBuffer());
}

/** Decibels in mel bands, [MELS, frames], of frames of about 32 ms; of long sounds as many frames as can be seen. */
function spectrumOf({ samples, sampleRate }: Sound): { readonly frames: number; readonly decibels: Float32Array } {
  const size = 2 ** Math.max(4, Math.round(Math.log2(0.032 * sampleRate)));
  const hop = Math.max(size / 8, Math.ceil(samples.length / WIDTH / 4));
  const padded = new Float32Array(Math.max(samples.length, 2 * size));
  padded.set(samples);
  const { shape, data } = logMel(padded, { sampleRate, size, hop, mels: MELS, high: sampleRate / 2 });
  return { frames: shape[2]!, decibels: data.map((value) => (20 / Math.LN10) * value) };
}
