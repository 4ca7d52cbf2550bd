/** What a caller asks to be spoken, completed by what the model states, and checked. */
import { check, checkNames, isNumberIn, isObject, type Options, withDefaults } from "../base/check.js";
import { ArgumentError, UnknownNameError } from "../base/errors.js";
import { checkSampling } from "../core/sampling/ranges.js";
import { RUN_DEFAULTS, type RunSettings, runSettings } from "../media/settings.js";
import { ENCODINGS, type SpeechFormat } from "./encode.js";
import { type Keep, KEEPS } from "./kept.js";
import { isLoudness } from "./loudness.js";
import type { SpeechModel } from "./model.js";
import type { RecordedVoice } from "./voice.js";

export interface SpeechSettings extends RunSettings {
  /** A name of model.voices, or a recording where model.clones; null: as the model states. */
  readonly voice: string | RecordedVoice | null;
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
  /**
   * What the end of a speech holds: "sound", or "times" for all but its sound, which then comes in pieces only. Memory then stays the
   * same however long the text is; `format` has no effect, and `loudness` must be null.
   */
  readonly keep: Keep;
}

export const SPEECH_DEFAULTS: SpeechSettings = Object.freeze({
  ...RUN_DEFAULTS,
  ...{ voice: null, speed: 1, temperature: null, topP: null, loudness: null, format: "wav", keep: "sound" },
});

/** Text as a whole, or as it comes, word by word from a language model, say. */
export type SpeechText = string | AsyncIterable<string>;

export interface SpeechRequest extends RunSettings {
  readonly text: SpeechText;
  /** Number of the voice in the model; -1 where a recording speaks. */
  readonly speaker: number;
  readonly recording: RecordedVoice | null;
  readonly speed: number;
  readonly sampling: { readonly temperature: number; readonly topP: number };
  readonly loudness: number | null;
  readonly format: SpeechFormat;
  readonly keep: Keep;
}

const MOST_CHARACTERS = 1_000_000;

/** Throws ArgumentError or UnknownNameError for what cannot be. */
export function requestOf(
  model: SpeechModel,
  { text, ...options }: { readonly text: SpeechText } & Options<SpeechSettings>,
): SpeechRequest {
  const settings = withDefaults("options", SPEECH_DEFAULTS, options);
  const whole = typeof text === "string";
  if (!whole && typeof (text as Partial<AsyncIterable<string>> | null)?.[Symbol.asyncIterator] !== "function")
    throw new ArgumentError("text", "a text or an AsyncIterable of its pieces", text);
  if (whole) check("text", `a text of at most ${MOST_CHARACTERS} characters`, text.length, (n) => n <= MOST_CHARACTERS);
  const run = runSettings(settings);
  if (!whole && run.n > 1) throw new ArgumentError("n", "1 for a text that comes in pieces, as it comes once", run.n);
  const { defaults } = model;
  const who = voiceOf(model, settings.voice ?? defaults.voice);
  check("speed", "a number from 0.5 to 2", settings.speed, isNumberIn(0.5, 2));
  for (const setting of model.fixed) {
    if ((settings[setting] ?? 1) !== 1)
      throw new ArgumentError(setting, `1: ${model.name} knows no other`, settings[setting]);
  }
  check("loudness", "a number from -70 to 0 (LUFS), or null", settings.loudness, (l) => l === null || isLoudness(l));
  check("format", `one of ${Object.keys(ENCODINGS).join(", ")}`, settings.format, (format) =>
    Object.hasOwn(ENCODINGS, format),
  );
  check("keep", `one of ${KEEPS.join(", ")}`, settings.keep, (keep) => KEEPS.includes(keep));
  if (settings.keep === "times" && settings.loudness !== null)
    throw new ArgumentError(
      "loudness",
      "null where the sound is not kept, as its gain follows from all of it",
      settings.loudness,
    );
  const sampling = {
    temperature: checkSampling("temperature", settings.temperature ?? defaults.temperature),
    topP: checkSampling("topP", settings.topP ?? defaults.topP),
  };
  const { speed, loudness, format, keep } = settings;
  return { ...run, ...who, text, speed, sampling, loudness, format, keep };
}

function voiceOf(
  { name, voices, clones }: SpeechModel,
  voice: string | RecordedVoice | null,
): Pick<SpeechRequest, "speaker" | "recording"> {
  if (isObject(voice)) {
    if (!clones) throw new ArgumentError("voice", `the name of a voice: ${name} cannot speak like a recording`, voice);
    const { audio, text, instruction, ...others } = voice as RecordedVoice;
    checkNames("voice", others, []);
    const isText = (value: unknown) => value === undefined || (typeof value === "string" && value.trim() !== "");
    check("voice.text", "what is said in the recording, or undefined", text, isText);
    check("voice.instruction", "how to speak, or undefined", instruction, isText);
    if (text !== undefined && instruction !== undefined)
      throw new ArgumentError("voice.instruction", "no instruction beside a text", instruction);
    return { speaker: -1, recording: { audio, text, instruction } };
  }
  if (voice === null)
    throw new ArgumentError("voice", `a recording, { audio, text }: ${name} has no voice of its own`, undefined);
  const speaker = voices.findIndex((row) => row.name === voice);
  if (speaker < 0)
    throw new UnknownNameError(
      "voice",
      String(voice),
      voices.map((row) => row.name),
    );
  return { speaker, recording: null };
}
