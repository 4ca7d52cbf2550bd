/** Log-mel spectra in decibels, on which two sounds are compared. */
import type { Sound } from "../../index.js";
import { logMel } from "../../tokenizers/index.js";

export const MELS = 64;

/** What lies this far below the loudest place of the expected sound is silence. */
const RANGE = 60;

export interface Spectrum {
  readonly frames: number;
  /** Seconds from one frame to the next. */
  readonly step: number;
  /** Decibels, [MELS, frames]. */
  readonly data: Float32Array;
}

/** Frames of about 40 ms, a quarter apart: the power of two nearest to it. */
export function spectrumOf({ samples, sampleRate }: Sound): Spectrum {
  const size = 2 ** Math.max(4, Math.round(Math.log2(0.04 * sampleRate)));
  const hop = size / 4;
  const padded = new Float32Array(Math.max(samples.length, size));
  padded.set(samples);
  const { shape, data } = logMel(padded, { sampleRate, size, hop, mels: MELS, high: sampleRate / 2 });
  const decibels = 20 / Math.LN10;
  return { frames: shape[2]!, step: hop / sampleRate, data: data.map((value) => value * decibels) };
}

/** The level of silence beside that spectrum. */
export const silenceOf = ({ data }: Spectrum): number => data.reduce((a, b) => Math.max(a, b), -Infinity) - RANGE;
