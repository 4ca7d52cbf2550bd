/** What a caller asks to be spoken, completed by what the model states, and checked. */
import { check, isNumberIn, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import { checkSampling } from "../core/sampling/ranges.js";
import { RUN_DEFAULTS, type RunSettings, runSettings } from "../media/settings.js";
import { ENCODINGS, type SpeechFormat } from "./encode.js";
import { isLoudness } from "./loudness.js";
import type { SpeechModel } from "./model.js";

export interface SpeechSettings extends RunSettings {
  /** A name of model.voices; null: as the model states. */
  readonly voice: string | null;
  /** How fast, 0.5 … 2; 1 is the voice's own pace. */
  readonly speed: number;
  /** 0 … 100; 0 takes the likeliest token each time. null: as the model states. */
  readonly temperature: number | null;
  /** Only the likeliest tokens that together exceed this probability; 1 is off. null: as the model states. */
  readonly topP: number | null;
  /**
   * Integrated loudness to bring each speech to, -70 … 0 LUFS (ITU-R BS.1770), as far as a true peak of -1 dBTP has room for it; null:
   * as it comes. The gain is known when all is said, so a stream then has no pieces: the speech comes at its end.
   */
  readonly loudness: number | null;
  readonly format: SpeechFormat;
}

export const SPEECH_DEFAULTS: SpeechSettings = Object.freeze({
  ...RUN_DEFAULTS,
  ...{ voice: null, speed: 1, temperature: null, topP: null, loudness: null, format: "wav" },
});

/** Text as a whole, or as it comes, word by word from a language model, say. */
export type SpeechText = string | AsyncIterable<string>;

export interface SpeechRequest extends RunSettings {
  readonly text: SpeechText;
  /** Number of the voice in the model, and its name. */
  readonly speaker: number;
  readonly voice: string;
  readonly speed: number;
  readonly sampling: { readonly temperature: number; readonly topP: number };
  readonly loudness: number | null;
  readonly format: SpeechFormat;
}

const MOST_CHARACTERS = 1_000_000;

/** Throws ArgumentError or UnknownNameError for what cannot be. */
export function requestOf(
  model: SpeechModel,
  { text, ...options }: { readonly text: SpeechText } & Options<SpeechSettings>,
): SpeechRequest {
  const settings = withDefaults("generateSpeech", SPEECH_DEFAULTS, options);
  const whole = typeof text === "string";
  if (!whole && typeof (text as Partial<AsyncIterable<string>> | null)?.[Symbol.asyncIterator] !== "function")
    throw new ArgumentError("text", "a text or an AsyncIterable of its pieces", text);
  if (whole) check("text", `a text of at most ${MOST_CHARACTERS} characters`, text.length, (n) => n <= MOST_CHARACTERS);
  const run = runSettings(settings);
  if (!whole && run.n > 1) throw new ArgumentError("n", "1 for a text that comes in pieces, as it comes once", run.n);
  const { defaults, voices } = model;
  const voice = settings.voice ?? defaults.voice;
  const speaker = voices.findIndex(({ name }) => name === voice);
  if (speaker < 0)
    throw new UnknownNameError(
      "voice",
      String(voice),
      voices.map(({ name }) => name),
    );
  check("speed", "a number from 0.5 to 2", settings.speed, isNumberIn(0.5, 2));
  check("loudness", "a number from -70 to 0 (LUFS), or null", settings.loudness, (l) => l === null || isLoudness(l));
  check("format", `one of ${Object.keys(ENCODINGS).join(", ")}`, settings.format, (format) =>
    Object.hasOwn(ENCODINGS, format),
  );
  const sampling = {
    temperature: checkSampling("temperature", settings.temperature ?? defaults.temperature),
    topP: checkSampling("topP", settings.topP ?? defaults.topP),
  };
  const { speed, loudness, format } = settings;
  return { ...run, text, speaker, voice, speed, sampling, loudness, format };
}
