/** A recording as networks take it: tokens of what is said, mel of how it sounds, and the vector of who speaks. */
import { sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import type { Engine, FileProgram } from "../engine/engine.js";
import { i32 } from "../engine/tensor.js";
import {
  kaldiFilterBank,
  logMel,
  type MelConfig,
  TOKENIZER_RATE,
  tokenizerMel,
} from "../tokenizers/speech/audio/mel.js";
import { resampled } from "../tokenizers/speech/audio/resample.js";
import type { FlowPrompt } from "../tokenizers/speech/flow/passage.js";
import { framesBetween } from "../tokenizers/speech/frames.js";
import { trimSilence } from "./loudness.js";
import { readAudio, type Sound } from "./read-audio.js";
import type { RecordedVoice } from "./voice.js";

/** Longer ones the tokenizer does not take, and shorter ones say too little of a voice. */
const [LEAST_SECONDS, MOST_SECONDS] = [0.5, 30];

export interface Heard extends Omit<RecordedSound, "sound"> {
  readonly prompt: FlowPrompt;
  readonly speaker: Float32Array;
}

/** The two published networks that listen, as files that run as they are. */
export interface Ears {
  /** Mel [1, mels, T] and its length to ids. */
  readonly tokenizer: FileProgram;
  /** Features [1, T, 80] to the vector of the speaker. */
  readonly speaker: FileProgram;
}

/** Opens them. Whatever device speaks, files run on ONNX Runtime. */
export async function openEars(
  engine: Engine,
  tokenizer: string,
  speaker: string,
): Promise<Ears & { close(): Promise<void> }> {
  const opened = await Promise.all([engine.openFile!(tokenizer), engine.openFile!(speaker)]);
  return {
    ...{ tokenizer: opened[0], speaker: opened[1] },
    async close() {
      await Promise.all(opened.map((file) => file.close()));
    },
  };
}

/** Ids of 16 kHz audio by the file of a tokenizer. */
export async function idsBy({ inputs, run }: FileProgram, mels: number, samples: Float32Array): Promise<Int32Array> {
  const mel = tokenizerMel(samples, mels);
  const [feats, length] = inputs as [string, string];
  const outputs = await run({ [feats]: mel, [length]: i32([1], [mel.shape[2]!]) });
  return Int32Array.from(Object.values(outputs)[0]!.data);
}

/** What is heard in a recording of one person, without the silence around it. */
export interface RecordedSound {
  readonly sound: Sound;
  /** Of the samples and of what was said about them. */
  readonly digest: string;
  /** What a caller should know of the recording. */
  readonly warnings: readonly string[];
}

/** Reads a recording. @throws What readAudio throws; ArgumentError for silence, or less or more than can be used. */
export async function recordedSound(
  { audio, text, instruction }: RecordedVoice,
  signal: AbortSignal | undefined,
): Promise<RecordedSound> {
  const whole = await readAudio(audio, { mostSeconds: MOST_SECONDS, signal: signal ?? null });
  const sound = trimSilence(whole);
  const seconds = sound.samples.length / sound.sampleRate;
  if (seconds < LEAST_SECONDS) {
    const heard = described(seconds === 0 ? "silence" : `${seconds.toFixed(2)} s that are not silent`);
    throw new ArgumentError("voice.audio", `a recording in which ${LEAST_SECONDS} s are heard or more`, heard);
  }
  const { samples, sampleRate } = whole;
  const said = Buffer.from(JSON.stringify([text ?? null, instruction ?? null]));
  return {
    sound,
    digest: sha256(Buffer.concat([Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength), said])),
    warnings: sampleRate < TOKENIZER_RATE ? [dull(sampleRate)] : [],
  };
}

/** Listens to a recording of one person. @throws What recordedSound throws. */
export async function listen(
  recording: RecordedVoice,
  ears: Ears,
  {
    mel,
    mels,
    framesPerToken,
  }: { readonly mel: MelConfig; readonly mels: number; readonly framesPerToken: number | null },
  signal: AbortSignal | undefined,
): Promise<Heard> {
  const { sound, digest, warnings } = await recordedSound(recording, signal);
  const at16 = resampled(sound.samples, sound.sampleRate, TOKENIZER_RATE);
  const ids = await idsBy(ears.tokenizer, mels, at16);
  const sounding = logMel(resampled(sound.samples, sound.sampleRate, mel.sampleRate), mel);
  const frames = sounding.shape[2]!;
  const [tokens, columns] = framesPerToken === null ? [ids.length, frames] : evenly(ids.length, frames, framesPerToken);
  const features = kaldiFilterBank(at16, { centred: true });
  const vector = await ears.speaker.run({
    [ears.speaker.inputs[0]!]: { shape: [1, ...features.shape], data: features.data },
  });
  return {
    prompt: { tokens: ids.subarray(0, tokens), mel: framesBetween(sounding, 0, columns) },
    speaker: Float32Array.from(Object.values(vector)[0]!.data),
    ...{ digest, warnings },
  };
}

/** As many tokens and frames as there are of both, for networks in which each token has a whole number of frames. */
function evenly(tokens: number, frames: number, framesPerToken: number): [tokens: number, frames: number] {
  const count = Math.min(Math.floor(frames / framesPerToken), tokens);
  return [count, count * framesPerToken];
}

const dull = (sampleRate: number): string =>
  `A recording at ${sampleRate} Hz holds nothing above ${sampleRate / 2} Hz: the voice will sound as dull. Bring one at ${TOKENIZER_RATE} Hz or more.`;
