/** What happens while speech is made, and what comes of it. */
import type { RunEvent, RunResult } from "../media/events.js";
import type { GeneratedSpeech } from "./generated-speech.js";

export type SpeechEvent = RunEvent<SpeechChunk | SpeechEnd, SpeechResult, null>;

/** The next piece of sound: all pieces of an item in a row are its samples. */
export interface SpeechChunk {
  readonly type: "speech-chunk";
  readonly index: number;
  /** Seconds from the beginning of the item. */
  readonly start: number;
  readonly sampleRate: number;
  /** In [-1, 1]. */
  readonly samples: Float32Array;
}

export interface SpeechEnd {
  readonly type: "speech-end";
  readonly speech: GeneratedSpeech;
}

export interface SpeechResult extends RunResult {
  readonly speeches: readonly GeneratedSpeech[];
}
