/** Sounds: generated speech, WAV files, bytes, samples. */
import { isObject } from "../../base/check.js";
import { ArgumentError } from "../../base/errors.js";
import { readAudio, type Sound, type SoundSource, wavOf } from "../../index.js";
import type { Medium } from "../medium.js";
import { onlyItem } from "../only-item.js";
import { type AudioMeasure, compareSounds } from "./compare-sounds.js";

export const SOUNDS: Medium<Sound, AudioMeasure> = {
  noun: "sound",
  extension: "wav",
  tolerance: { logMel: 0.2, band: 0.5, moment: 1, duration: 0 },
  async read(received) {
    const item = onlyItem(received);
    const sampled = isObject(item) && item.samples instanceof Float32Array && typeof item.sampleRate === "number";
    if (!sampled && typeof item !== "string" && !(item instanceof Uint8Array))
      throw new ArgumentError("expect", "a generated speech, the path or the bytes of a sound file, or a sound", item);
    const { samples, sampleRate } = await readAudio(item as SoundSource);
    if (samples.length === 0) throw new ArgumentError("expect", "a sound that holds samples", "none");
    return { samples, sampleRate };
  },
  encode: async (sound, marking) => wavOf(sound, marking),
  decode: (golden) => readAudio(golden),
  compare: compareSounds,
};
