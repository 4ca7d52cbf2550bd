/** One speech that was made, with all that belongs to it. */
import { type GeneratedItem, saveItem } from "../media/saved.js";
import { shownBriefly } from "../media/shown.js";
import { ENCODINGS, type SpeechFormat } from "./encode.js";
import type { SpeechManifest } from "./manifest.js";

/** When something is heard, in seconds from the beginning. */
export interface Timed {
  readonly start: number;
  readonly end: number;
}

export interface TimedWord extends Timed {
  /** As it stands in the text. */
  readonly text: string;
}

export interface TimedPhone extends Timed {
  /** ARPAbet with stress, or a pause: ^ , . ? ! */
  readonly phone: string;
}

/** A speech that was heard piece by piece: all that is known of it but its sound. */
export interface HeardSpeech extends Omit<GeneratedItem<SpeechManifest>, "save"> {
  readonly sampleRate: number;
  /** Seconds. */
  readonly duration: number;
  readonly words: readonly TimedWord[];
  readonly phones: readonly TimedPhone[];
  /** Ids of the tokens of speech. */
  readonly ids: Int32Array;
}

export interface GeneratedSpeech extends HeardSpeech, GeneratedItem<SpeechManifest> {
  /** The file: encoded, and marked as made by a model. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly format: SpeechFormat;
  /** One channel in [-1, 1], before any loss by the format. */
  readonly samples: Float32Array;
}

/** The speech with its save(). */
export function generatedSpeech(made: Omit<GeneratedSpeech, "save" | "mediaType">): GeneratedSpeech {
  const { mediaType, extensions } = ENCODINGS[made.format];
  return shownBriefly({
    ...made,
    mediaType,
    save: (path, options) => saveItem(path, { ...made, extensions }, options),
  });
}
