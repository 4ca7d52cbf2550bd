/** One sentence on its way from phones to sound, as its tokens come. */
import { type PacedToken, pacedTokens } from "../core/speech-lm/paced.js";
import type { FloatTensor } from "../engine/tensor.js";
import type { Ending } from "../tokenizers/speech/ending.js";
import { LOOKAHEAD } from "../tokenizers/speech/flow/flow-config.js";
import { framesFrom } from "../tokenizers/speech/flow/flow-decoder.js";
import { seededNoise } from "../tokenizers/speech/flow/start-noise.js";
import { melSpeed } from "../tokenizers/speech/audio/mel-speed.js";
import type { PhoneticSentence } from "../tokenizers/speech/text/phonetic-sentence.js";
import { hiftStream } from "../tokenizers/speech/vocoder/hift-stream.js";
import type { SpeechModel } from "./model.js";
import type { SpeechRequest } from "./request.js";

export interface Utterance {
  readonly sentence: PhoneticSentence;
  /** Tokens so far, and to which phone each belongs. */
  readonly tokens: readonly PacedToken[];
  /** Draws the next token; false behind the last one. */
  next(): Promise<boolean>;
  /** Samples that the tokens so far settle and that were not given before; empty while too few are there. */
  sound(): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Frames that each sentence of an item has for itself, when noise is addressed. */
const FRAMES = 2 ** 16;

/**
 * Chunks of the flow in the pieces that are decoded. Each piece takes the whole sentence so far, so pieces grow: the first one is heard
 * early, and while it plays there is time for the next, as long as speech is made in less than a quarter of its time.
 */
const FIRST_CHUNKS = 1;
const GROWTH = 4;
const MOST_CHUNKS = 16;

/** Begins a sentence, the `number`-th of its item. `phones` are the ids of its phones. */
export function utterance(
  { config, parts }: SpeechModel,
  request: SpeechRequest,
  sentence: PhoneticSentence,
  {
    phones,
    item,
    number,
    signal,
  }: {
    readonly phones: readonly number[];
    readonly item: number;
    readonly number: number;
    readonly signal: AbortSignal | undefined;
  },
): Utterance {
  const { seed, speaker, sampling, speed } = request;
  const { flow, defaults, pacing } = config;
  const drawing = pacedTokens(parts.languageModel, pacing, {
    ...{ voice: speaker, phones, sampling, seed, item },
    sentence: number,
    signal,
  });
  const tokens: PacedToken[] = [];
  const noise = seededNoise(seed, item);
  const first = number * FRAMES;
  const stretch = melSpeed(config.mel.mels, speed);
  const stream = hiftStream(parts.vocoder, { seed, item, first });
  let ended = false;
  let sounded = 0; // tokens whose mel is made
  let chunks = FIRST_CHUNKS;

  const melOf = async (count: number, ending: Ending): Promise<FloatTensor> => {
    const mel = await parts.flow.decode({
      tokens: tokens.slice(0, count).map(({ id }) => id),
      ...{ prompt: null, speaker: config.speakers[speaker]!.vector, masks: "chunks", ending, signal },
      noise: (channels, from, to) => noise(channels, first + from, first + to).map((x) => x * defaults.flowTemperature),
    });
    return framesFrom(mel, sounded * flow.framesPerToken);
  };

  return {
    sentence,
    tokens,
    async next() {
      const { value, done } = await drawing.next();
      if (done) ended = true;
      else tokens.push(value);
      return !ended;
    },
    async sound() {
      if (ended) {
        if (sounded === tokens.length) return new Float32Array(0);
        const mel = stretch.push(await melOf(tokens.length, "final"), "final");
        sounded = tokens.length;
        return stream.push(mel, "final");
      }
      const until = sounded + chunks * flow.chunk;
      if (tokens.length < until + LOOKAHEAD) return new Float32Array(0);
      const mel = stretch.push(await melOf(until + LOOKAHEAD, "more to come"), "more to come");
      sounded = until;
      chunks = Math.min(GROWTH * chunks, MOST_CHUNKS);
      return stream.push(mel, "more to come");
    },
    close: async () => {
      await drawing.return();
    },
  };
}
