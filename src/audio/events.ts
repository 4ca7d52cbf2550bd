/** What happens while speech is made, and what comes of it. */
import type { RunEvent, RunResult } from "../media/events.js";
import type { GeneratedSpeech } from "./generated-speech.js";

/** `Speech` is GeneratedSpeech, or HeardSpeech where the sound is not kept. */
export type SpeechEvent<Speech = GeneratedSpeech> = RunEvent<
  SpeechChunk | SpeechEnd<Speech>,
  SpeechResult<Speech>,
  null
>;

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

export interface SpeechEnd<Speech = GeneratedSpeech> {
  readonly type: "speech-end";
  readonly speech: Speech;
}

export interface SpeechResult<Speech = GeneratedSpeech> extends RunResult {
  readonly speeches: readonly Speech[];
}
