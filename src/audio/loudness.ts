/** How loud a sound is, and how it is brought to a target: ITU-R BS.1770, in the units of EBU R 128. */
import { check, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { integratedLoudness, truePeak } from "../tokenizers/speech/audio/loudness.js";
import { heardSpan } from "../tokenizers/speech/audio/silence.js";
import type { Sound } from "./read-audio.js";

export interface Loudness {
  /** Of all that passes the gates, in LUFS; -Infinity for silence. */
  readonly integrated: number;
  /** Between samples, too, in dBTP; -Infinity for silence. */
  readonly truePeak: number;
}

/** The loudness of a sound. */
export function loudnessOf({ samples, sampleRate }: Sound): Loudness {
  return { integrated: integratedLoudness(samples, sampleRate), truePeak: truePeak(samples, sampleRate) };
}

/** What `loudness` may be, in LUFS: quieter than -70 is below the gate of the standard. */
export const isLoudness = isNumberIn(-70, 0);

export interface LoudnessSettings {
  /** Integrated loudness to come to, -70 … 0 LUFS: -16 is usual for podcasts, -23 for broadcasts in Europe. */
  readonly target: number;
  /** The true peak that is not exceeded, -20 … 0 dBTP. */
  readonly mostPeak: number;
}

export const LOUDNESS_DEFAULTS: LoudnessSettings = Object.freeze({ target: -16, mostPeak: -1 });

/**
 * The sound at another level, by one gain for all of it, so that nothing is compressed: the target's, or as much as the true peak
 * has room for. Silence stays as it is. Throws ArgumentError for settings out of range.
 */
export function normaliseLoudness(
  sound: Sound,
  options: Options<LoudnessSettings> = {},
): Sound & { readonly gain: number } {
  const { target, mostPeak } = withDefaults("normaliseLoudness", LOUDNESS_DEFAULTS, options);
  check("target", "a number from -70 to 0", target, isLoudness);
  check("mostPeak", "a number from -20 to 0", mostPeak, isNumberIn(-20, 0));
  const { integrated, truePeak } = loudnessOf(sound);
  const gain = integrated === Number.NEGATIVE_INFINITY ? 0 : Math.min(target - integrated, mostPeak - truePeak);
  const factor = 10 ** (gain / 20);
  return { ...sound, samples: sound.samples.map((x) => x * factor), gain };
}

export interface TrimSettings {
  /** A frame so many dB under the loudest one is silent, 10 … 120. */
  readonly below: number;
  /** Seconds that are left on either side of what is heard, 0 … 10. */
  readonly margin: number;
}

export const TRIM_DEFAULTS: TrimSettings = Object.freeze({ below: 60, margin: 0.1 });

/** The sound without the silence before and after it. Silence alone becomes a sound without samples. Throws ArgumentError for settings out of range. */
export function trimSilence({ samples, sampleRate }: Sound, options: Options<TrimSettings> = {}): Sound {
  const { below, margin } = withDefaults("trimSilence", TRIM_DEFAULTS, options);
  check("below", "a number from 10 to 120", below, isNumberIn(10, 120));
  check("margin", "a number from 0 to 10", margin, isNumberIn(0, 10));
  const [from, to] = heardSpan(samples, sampleRate, below);
  const around = to === 0 ? 0 : Math.round(margin * sampleRate);
  return { samples: samples.slice(Math.max(0, from - around), to + around), sampleRate };
}
