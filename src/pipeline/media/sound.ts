/** Sounds: brought to a loudness, cut to what is heard, written as WAV, FLAC, MP3 or Ogg. */
import { z } from "zod";
import { normaliseLoudness, readAudio, type Sound, type SpeechFormat, speechFile, trimSilence } from "../../index.js";
import { change, mediumOf } from "./medium.js";

const TARGET = z.number().min(-70).max(0);

const LOUDNESS = z.union([
  TARGET.describe("LUFS, such as -16 for podcasts and -23 for broadcasts."),
  z.strictObject({
    target: TARGET,
    mostPeak: z.number().min(-20).max(0).default(-1).describe("dBTP that is not exceeded; the sound stays quieter."),
  }),
]);

const TRIM = z.strictObject({
  below: z.number().min(10).max(120).default(60).describe("Silent is what lies so many dB under the loudest."),
  margin: z.number().min(0).max(10).default(0.1).describe("Seconds of it that stay on either side."),
});

export const SOUND = mediumOf<Sound, SpeechFormat>({
  plural: "sounds",
  formats: ["wav", "flac", "mp3", "ogg"],
  kept: "wav",
  decode: (bytes) => readAudio(bytes),
  encode: speechFile,
  manifestAs: (manifest, format) => ({ ...manifest, sound: { ...(manifest.sound as object), format } }),
  steps: {
    loudness: change("Brought to a loudness by ITU-R BS.1770, by one gain for all of it.", LOUDNESS, (sound, options) =>
      normaliseLoudness(sound, typeof options === "number" ? { target: options } : options),
    ),
    trim: change("Silence before and behind is cut off.", TRIM, (sound, options) => {
      const heard = trimSilence(sound, options);
      return heard.samples.length > 0 ? heard : sound; // silence alone stays as it is
    }),
  },
});
