/** A speech model of the AI SDK. */
import {
  generateSpeech,
  type GenerateSpeechOptions,
  SPEECH_FORMATS,
  type SpeechFormat,
  type SpeechModel,
} from "../index.js";
import type { CallWarning, TesseraSpeechModel } from "./specification.js";

export const speechModelOf = (modelId: string, model: SpeechModel | string): TesseraSpeechModel => ({
  ...{ specificationVersion: "v4", provider: "tessera.speech", modelId },
  async doGenerate({ text, voice, speed, outputFormat, instructions, language, providerOptions, abortSignal: signal }) {
    const warnings: CallWarning[] = [];
    const unsupported = (feature: string, details: string) => warnings.push({ type: "unsupported", feature, details });
    if (instructions !== undefined) unsupported("instructions", "A voice speaks in its own way.");
    if (language !== undefined && !/^(en|auto)\b/i.test(language))
      unsupported("language", "Texts are read as English.");
    const format = SPEECH_FORMATS.find((known) => known === outputFormat);
    if (outputFormat !== undefined && !format)
      unsupported("outputFormat", `The sound is WAV; formats are ${SPEECH_FORMATS.join(", ")}.`);
    const settings = {
      text,
      voice,
      speed,
      format: format ?? ("wav" satisfies SpeechFormat),
      ...providerOptions?.tessera,
    };
    const made = await generateSpeech({ ...settings, model, signal } as GenerateSpeechOptions);
    const [speech] = made.speeches;
    const { seed, duration, sampleRate, mediaType, words } = speech!;
    return {
      audio: speech!.bytes,
      warnings: [...warnings, ...made.warnings],
      response: { timestamp: made.response.timestamp, modelId: made.response.modelId },
      providerMetadata: {
        tessera: {
          seed,
          duration,
          sampleRate,
          mediaType,
          words: words.map(({ text, start, end }) => ({ text, start, end })),
        },
      },
    };
  },
});
