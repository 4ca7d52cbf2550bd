/** Speech from text. */
import type { Options } from "../base/check.js";
import { type RunOptions, resultOf, running } from "../media/run.js";
import type { SpeechEvent, SpeechResult } from "./events.js";
import type { GeneratedSpeech, HeardSpeech } from "./generated-speech.js";
import type { Keep } from "./kept.js";
import { SPEECH_MODELS, type SpeechModel } from "./model.js";
import { requestOf, type SpeechSettings, type SpeechText } from "./request.js";
import { speak } from "./speak.js";

export type GenerateSpeechOptions = { readonly text: SpeechText } & Options<Omit<SpeechSettings, "keep">> &
  RunOptions<SpeechModel>;

/** `Kept` is what the end of a speech holds. */
export type StreamSpeechOptions<Kept extends Keep = Keep> = GenerateSpeechOptions & {
  /** Default: "sound". "times" lets the sound go as it comes, so that memory stays the same however long the text is. */
  readonly keep?: Kept | undefined;
};

/**
 * Speaks a text and answers the sound with warnings, usage, times of words and phones, and a manifest. The same model, device,
 * precision and seed give the same sound.
 *
 * @throws ArgumentError, UnknownNameError for options and for a text with nothing to say; what loadSpeechModel throws; ToolError for a
 *   format that needs an ffmpeg which is not there; ExecutionError; the reason of `signal`.
 * @example
 * const { speeches } = await generateSpeech({ text: "Three red apples.", voice: "rms", seed: 7 });
 * await speeches[0].save("apples.wav");
 */
export async function generateSpeech(options: GenerateSpeechOptions): Promise<SpeechResult> {
  return resultOf(streamSpeech(options));
}

/**
 * The same as a stream of events: pieces of sound as soon as they are settled, which in a row are the whole, each speech when it is
 * done, the result at the end. Text may come in pieces, too: a sentence is spoken when it is over. Leaving the loop early stops the work.
 *
 * @example
 * for await (const event of streamSpeech({ text: book, keep: "times" }))
 *   if (event.type === "speech-chunk") player.write(event.samples);
 */
export function streamSpeech(options: StreamSpeechOptions<"sound">): AsyncGenerator<SpeechEvent, void, void>;
export function streamSpeech(
  options: StreamSpeechOptions<"times">,
): AsyncGenerator<SpeechEvent<HeardSpeech>, void, void>;
export function streamSpeech({
  model,
  signal,
  ...rest
}: StreamSpeechOptions): AsyncGenerator<SpeechEvent<GeneratedSpeech | HeardSpeech>, void, void> {
  return running({ model, signal }, SPEECH_MODELS, (model) => speak(model, requestOf(model, rest), signal));
}
