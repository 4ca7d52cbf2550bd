/** Public names of speech. */
export { type AudioCodec, loadAudioCodec } from "./codec.js";
export { encodeSpeech } from "./encode-speech.js";
export { readSpeechMarking, SPEECH_FORMATS, type SpeechFormat, speechFile, wavOf } from "./encode.js";
export type { SpeechChunk, SpeechEnd, SpeechEvent, SpeechResult } from "./events.js";
export {
  generateSpeech,
  type GenerateSpeechOptions,
  type StreamSpeechOptions,
  streamSpeech,
} from "./generate-speech.js";
export type { GeneratedSpeech, HeardSpeech, Timed, TimedPhone, TimedWord } from "./generated-speech.js";
export {
  type Loudness,
  LOUDNESS_DEFAULTS,
  type LoudnessSettings,
  loudnessOf,
  normaliseLoudness,
  TRIM_DEFAULTS,
  trimSilence,
  type TrimSettings,
} from "./loudness.js";
export { parseSpeechManifest, readSpeechManifest, type SpeechManifest } from "./manifest.js";
export { loadSpeechModel, type SpeechModel } from "./model.js";
export { READ_AUDIO_DEFAULTS, readAudio, type ReadAudioSettings, type Sound, type SoundSource } from "./read-audio.js";
export { SPEECH_DEFAULTS, type SpeechSettings, type SpeechText } from "./request.js";
export { type SpeechVerification, verifySpeech, type VerifySpeechOptions } from "./verify-speech.js";
export type { RecordedVoice } from "./voice.js";

export { DEFAULT_SPEECH_MODEL } from "../models/known.js";
