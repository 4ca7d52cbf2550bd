/** Speaks a text again from its manifest and says whether it is the same. */
import { checkOptions } from "../base/check.js";
import { checkModel, compareManifests, type Verification } from "../media/verification.js";
import { generateSpeech } from "./generate-speech.js";
import type { GeneratedSpeech } from "./generated-speech.js";
import { parseSpeechManifest, type SpeechManifest } from "./manifest.js";
import type { SpeechModel } from "./model.js";
import type { RecordedVoice } from "./voice.js";

export interface SpeechVerification extends Verification {
  /** The speech made now. */
  readonly speech: GeneratedSpeech;
}

export interface VerifySpeechOptions {
  readonly model: SpeechModel;
  /** The recording, where one spoke: the manifest holds its digest only. */
  readonly voice?: RecordedVoice | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Speaks the text of `manifest` again and compares tokens and samples. Another device, precision or version is reported as a
 * difference, but does not count against `same` if tokens and samples agree.
 *
 * @throws ArgumentError where the manifest is of another model.
 */
export async function verifySpeech(
  manifest: SpeechManifest,
  options: VerifySpeechOptions,
): Promise<SpeechVerification> {
  const parsed = parseSpeechManifest(manifest);
  checkOptions("verifySpeech", options);
  const { model, voice, signal } = options;
  checkModel(parsed, model);
  const { subject, sampling, seed, index, sound } = parsed;
  const settings = { ...sampling, seed, firstIndex: index, n: 1, format: sound.format };
  const { speeches } = await generateSpeech({ ...subject, ...(voice && { voice }), ...settings, model, signal });
  const speech = speeches[0]!;
  const samples = { name: "samples", sha256: ({ sound }: SpeechManifest) => sound.pcmSha256 };
  return { ...compareManifests(parsed, speech.manifest, samples), speech };
}
