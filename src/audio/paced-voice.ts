/** A voice whose phones pace its tokens, so that it knows when each word is heard: tessera-voice and others of its layout. */
import { CheckpointError } from "../base/errors.js";
import { type PacedToken, pacedTokens } from "../core/speech-lm/paced.js";
import type { SpeechLm } from "../core/speech-lm/speech-lm.js";
import type { PacedVoice } from "../models/speech-config.js";
import type { FlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import { noiseFrom, seededNoise } from "../tokenizers/speech/flow/start-noise.js";
import { type PhoneticSentence, phoneticSentences } from "../tokenizers/speech/text/phonetic-sentence.js";
import type { Pronunciation } from "../tokenizers/speech/text/pronunciation.js";
import type { Hift } from "../tokenizers/speech/vocoder/hift.js";
import { FRAMES, utterance } from "./utterance.js";
import type { Place, Sentence, Timing, Utterance, Voice } from "./voice.js";

export interface PacedParts {
  readonly pronunciation: Pronunciation;
  readonly languageModel: SpeechLm;
  readonly flow: FlowDecoder;
  readonly vocoder: Hift;
}

interface Phones extends Sentence {
  readonly sentence: PhoneticSentence;
}

/** `name` is the model's, for messages. */
export function pacedVoice(name: string, config: PacedVoice, parts: PacedParts): Voice {
  const begin = ({ sentence }: Phones, place: Place): Utterance => {
    const { request, item, number, signal } = place;
    const { seed, sampling, speaker } = request;
    const phones = idsOf(name, config, sentence);
    const frames = noiseFrom(seededNoise(seed, item), number * FRAMES);
    return utterance<PacedToken>(
      {
        drawing: pacedTokens(parts.languageModel, config.pacing, {
          ...{ voice: speaker, phones, sampling, seed, item },
          sentence: number,
          signal,
        }),
        timing: (tokens) => timingOf(sentence, tokens),
        ...{ flow: parts.flow, config: config.flow, vocoder: parts.vocoder, prompt: null, fadeIn: config.fadeIn },
        speaker: config.speakers[speaker]!.vector,
        noise: (...span) => frames(...span).map((x) => x * config.defaults.flowTemperature),
      },
      place,
    );
  };
  return {
    sentences(text) {
      const { parts: spoken, left } = phoneticSentences(text, parts.pronunciation);
      return { parts: spoken.map((sentence): Phones => ({ sentence, inputTokens: sentence.phones.length })), left };
    },
    speaker: async ({ speaker }) => ({
      ...{ label: config.speakers[speaker]!.name, warnings: [] },
      begin: (sentence, place) => begin(sentence as Phones, place),
    }),
  };
}

/** In tokens: a phone has those that were drawn for it. */
function timingOf({ phones, words }: PhoneticSentence, tokens: readonly PacedToken[]): Timing {
  const at = (phone: number) => tokens.filter((token) => token.phone < phone).length;
  return {
    phones: phones.map((phone, i) => ({ phone, start: at(i), end: at(i + 1) })),
    words: words.map(({ text, from, to }) => ({ text, start: at(from), end: at(to) })),
  };
}

function idsOf(name: string, config: PacedVoice, { phones }: PhoneticSentence): number[] {
  return phones.map((phone) => {
    const id = config.phones.indexOf(phone);
    if (id < 0)
      throw new CheckpointError(
        name,
        "bad-header",
        `its pronunciation says "${phone}", which is not a phone of its networks`,
        "Use the pronunciation that the model was trained with.",
      );
    return id;
  });
}
