/** Recordings as tokens of speech. */
import { type RunOptions, running } from "../media/run.js";
import { TOKENIZER_RATE } from "../tokenizers/speech/audio/mel.js";
import { SPEECH_MODELS, type SpeechModel } from "./model.js";
import { readAudio, type SoundSource } from "./read-audio.js";

/**
 * The ids of what is said in a recording of at most an hour, of any rate, as the model's tokenizer hears it.
 *
 * @throws What readAudio and loadSpeechModel throw; the reason of `signal`.
 */
export async function encodeSpeech({
  audio,
  ...run
}: { readonly audio: SoundSource } & RunOptions<SpeechModel>): Promise<Int32Array> {
  const { samples } = await readAudio(audio, { sampleRate: TOKENIZER_RATE, signal: run.signal ?? null });
  for await (const ids of running(run, SPEECH_MODELS, async function* (model) {
    yield await (await model.tokenizer()).encode(samples);
  }))
    return ids;
  throw new Error("unreachable: a run yields once");
}
