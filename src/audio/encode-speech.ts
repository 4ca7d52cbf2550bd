/** Recordings as tokens of speech. */
import { type RunOptions, running } from "../media/run.js";
import { TOKENIZER_RATE } from "../tokenizers/speech/audio/mel.js";
import { resampled } from "../tokenizers/speech/audio/resample.js";
import { SPEECH_MODELS, type SpeechModel } from "./model.js";
import { readSound, type SoundSource } from "./read-audio.js";

/**
 * The ids of what is said in a recording, of any rate and length, as the model's tokenizer hears it.
 *
 * @throws InputError, ArgumentError for a file that is no WAV; what loadSpeechModel throws; the reason of `signal`.
 */
export async function encodeSpeech({
  audio,
  ...run
}: { readonly audio: SoundSource } & RunOptions<SpeechModel>): Promise<Int32Array> {
  const { samples, sampleRate } = await readSound(audio);
  const heard = resampled(samples, sampleRate, TOKENIZER_RATE);
  for await (const ids of running(run, SPEECH_MODELS, async function* (model) {
    yield await (await model.parts.tokenizer()).encode(heard);
  }))
    return ids;
  throw new Error("unreachable: a run yields once");
}
