/** What the loop of speak.ts knows of a model's voice, whether phones pace its tokens or a prompt stands in front of them. */
import type { Timed } from "./generated-speech.js";
import type { SoundSource } from "./read-audio.js";
import type { SpeechRequest } from "./request.js";

/** A recording whose voice is to be spoken with, as far as the model can: `model.clones`. */
export interface RecordedVoice {
  /**
   * At most 30 s of one person, and at least half a second that is not silent. Any rate: below 16 kHz it is brought up to that, and a
   * warning says that the voice will sound as dull as the recording.
   */
  readonly audio: SoundSource;
  /** What is said in it, word for word. Without it only the sound of the voice is taken over: the text may be of another language. */
  readonly text?: string | undefined;
  /** How to speak, in words that the model understands, such as "Whisper." It takes the place of `text`. */
  readonly instruction?: string | undefined;
}

/** Who speaks, made ready for the networks once for all items. */
export interface Speaker {
  /** For the manifest: the name, or the digest of the recording. */
  readonly label: string;
  /** What a caller should know of the recording. */
  readonly warnings: readonly string[];
  /** Begins a sentence of `voice.sentences`. */
  begin(sentence: Sentence, place: Place): Utterance;
}

/** What is spoken in one go. */
export interface Sentence {
  /** Tokens that the model reads for it. */
  readonly inputTokens: number;
}

export interface Voice {
  /** The sentences of a part of the text; `left` are characters that are not spoken. */
  sentences(text: string): { readonly parts: readonly Sentence[]; readonly left: string };
  speaker(request: SpeechRequest, signal: AbortSignal | undefined): Promise<Speaker>;
}

/** Where in the run a sentence stands, by which its draws are addressed. */
export interface Place {
  readonly request: SpeechRequest;
  readonly item: number;
  /** Number of the sentence in its item. */
  readonly number: number;
  readonly signal: AbortSignal | undefined;
}

/** When phones and words are heard, in tokens from the beginning of the sentence; empty where the model does not say. */
export interface Timing {
  readonly phones: readonly (Timed & { readonly phone: string })[];
  readonly words: readonly (Timed & { readonly text: string })[];
}

/** A sentence on its way to sound. */
export interface Utterance {
  /** Ids of the tokens so far. */
  ids(): readonly number[];
  /** Draws the next token; false behind the last one. */
  next(): Promise<boolean>;
  /** Samples that the tokens so far settle and that were not given before; empty while too few are there. */
  sound(): Promise<Float32Array>;
  /** Known behind the last token. */
  timing(): Timing;
  close(): Promise<void>;
}
