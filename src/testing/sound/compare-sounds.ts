/** How far apart two sounds are to an ear: their log-mel spectra, frame by frame. */
import type { Sound } from "../../index.js";
import { wavOf } from "../../index.js";
import type { Comparison, Figure, Measure } from "../medium.js";
import { differencePicture, spectrumPicture } from "./figures.js";
import { MELS, type Spectrum, silenceOf, spectrumOf } from "./spectrum.js";

export type AudioMeasure = "logMel" | "band" | "moment" | "duration";

/** Bands and frames with fewer audible cells than this say little; the rest of them counts as equal. */
const LEAST_CELLS = 8;

/**
 * Decibels between the log-mel spectra over what is audible in either sound: the mean, that of the worst of 64 mel bands, and that of the worst
 * frame. Sounds are compared from their beginnings, as long as the shorter one is.
 */
export function compareSounds(expected: Sound, received: Sound): Comparison<AudioMeasure> {
  const sounds = (): Figure[] => [
    { title: "Expected", mediaType: "audio/wav", bytes: wavOf(expected) },
    { title: "Received", mediaType: "audio/wav", bytes: wavOf(received) },
  ];
  const { sampleRate } = expected;
  if (received.sampleRate !== sampleRate) {
    const mismatch = `It has ${received.sampleRate} samples per second instead of ${sampleRate}.`;
    return { mismatch, measures: [], notes: [], figures: async () => sounds() };
  }
  const [then, now] = [spectrumOf(expected), spectrumOf(received)];
  const silence = silenceOf(then);
  const frames = Math.min(then.frames, now.frames);
  const [total, bands, moments] = [new Mean(), newMeans(MELS), newMeans(frames)];
  for (let mel = 0; mel < MELS; mel++) {
    for (let frame = 0; frame < frames; frame++) {
      const distance = distanceAt(then, now, silence, mel, frame);
      if (distance === null) continue;
      for (const mean of [total, bands[mel]!, moments[frame]!]) mean.add(distance);
    }
  }
  const [band, moment] = [worstOf(bands), worstOf(moments)];
  const seconds = (received.samples.length - expected.samples.length) / sampleRate;
  const measures: Measure<AudioMeasure>[] = [
    { name: "logMel", label: "log-mel", value: total.value(1), unit: "dB", better: "lower" },
    { name: "band", label: "worst band", value: band.value, unit: "dB", better: "lower" },
    { name: "moment", label: "worst moment", value: moment.value, unit: "dB", better: "lower" },
    { name: "duration", label: "duration", value: Math.abs(seconds), unit: "s apart", better: "lower" },
  ];
  const at = (moment.at * then.step).toFixed(2);
  const notes = [
    ...(seconds === 0 ? [] : [`It is ${Math.abs(seconds).toFixed(3)} s ${seconds < 0 ? "shorter" : "longer"}.`]),
    ...(total.value(1) === 0 ? [] : [`They are least alike at ${at} s, and in mel band ${band.at + 1} of ${MELS}.`]),
  ];
  const figures = async (): Promise<Figure[]> => [
    ...sounds(),
    await spectrumPicture("Expected: log-mel spectrum", then, silence),
    await spectrumPicture("Received: log-mel spectrum", now, silence),
    await differencePicture("Difference: red is louder, blue softer", frames, (mel, frame) =>
      signedAt(then, now, silence, mel, frame),
    ),
  ];
  return { mismatch: null, measures, notes, figures };
}

/** Decibels at a place, as far as they rise above silence; null where neither does. */
function distanceAt(a: Spectrum, b: Spectrum, silence: number, mel: number, frame: number): number | null {
  const audible = a.data[mel * a.frames + frame]! > silence || b.data[mel * b.frames + frame]! > silence;
  return audible ? Math.abs(signedAt(a, b, silence, mel, frame)) : null;
}

function signedAt(a: Spectrum, b: Spectrum, silence: number, mel: number, frame: number): number {
  const level = ({ data, frames }: Spectrum) => Math.max(silence, data[mel * frames + frame]!);
  return level(b) - level(a);
}

/** A mean of so many numbers at least: missing ones are zeros. */
class Mean {
  private sum = 0;
  private count = 0;
  add(value: number): void {
    this.sum += value;
    this.count++;
  }
  value(least: number): number {
    return this.sum / Math.max(this.count, least);
  }
}

const newMeans = (count: number): readonly Mean[] => Array.from({ length: count }, () => new Mean());

function worstOf(means: readonly Mean[]): { readonly value: number; readonly at: number } {
  let worst = { value: 0, at: 0 };
  for (const [at, mean] of means.entries()) {
    const value = mean.value(LEAST_CELLS);
    if (value > worst.value) worst = { value, at };
  }
  return worst;
}
