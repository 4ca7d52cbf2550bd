/** Sounds: brought to a loudness, cut to what is heard, written as WAV, FLAC, MP3 or Ogg. */
import { z } from "zod";
import { normaliseLoudness, readAudio, type Sound, type SpeechFormat, speechFile, trimSilence } from "../../index.js";
import { change, mediumOf } from "./medium.js";

const TARGET = z.number().min(-70).max(0);

const LOUDNESS = z.union([
  TARGET.describe("LUFS, such as -16 for podcasts and -23 for broadcasts."),
  z.strictObject({
    target: TARGET,
    mostPeak: z
      .number()
      .min(-20)
      .max(0)
      .default(-1)
      .describe("Highest true peak in dBTP; a sound that would exceed it stays quieter."),
  }),
]);

const TRIM = z.strictObject({
  below: z.number().min(10).max(120).default(60).describe("Sound this many dB below the loudest counts as silence."),
  margin: z.number().min(0).max(10).default(0.1).describe("Seconds of silence to keep at each end."),
});

export const SOUND = mediumOf<Sound, SpeechFormat>({
  plural: "sounds",
  formats: ["wav", "flac", "mp3", "ogg"],
  kept: "wav",
  decode: (bytes) => readAudio(bytes),
  encode: speechFile,
  manifestAs: (manifest, format) => ({ ...manifest, sound: { ...(manifest.sound as object), format } }),
  steps: {
    loudness: change(
      "Normalises the loudness (ITU-R BS.1770) by one gain for the whole sound.",
      LOUDNESS,
      (sound, options) => normaliseLoudness(sound, typeof options === "number" ? { target: options } : options),
    ),
    trim: change("Removes silence at both ends.", TRIM, (sound, options) => {
      const heard = trimSilence(sound, options);
      return heard.samples.length > 0 ? heard : sound; // silence alone stays as it is
    }),
  },
});
