/** One sentence on its way from tokens to sound, as its tokens come. */
import { melSpeed } from "../tokenizers/speech/audio/mel-speed.js";
import type { Ending } from "../tokenizers/speech/ending.js";
import { type FlowConfig, LOOKAHEAD } from "../tokenizers/speech/flow/flow-config.js";
import type { FlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import type { FlowPrompt } from "../tokenizers/speech/flow/passage.js";
import type { StartNoise } from "../tokenizers/speech/flow/start-noise.js";
import type { Hift } from "../tokenizers/speech/vocoder/hift.js";
import { hiftStream } from "../tokenizers/speech/vocoder/hift-stream.js";
import type { Place, Timing, Utterance } from "./voice.js";

export interface Sounding<Token extends { readonly id: number }> {
  /** Ends with the sentence. */
  readonly drawing: AsyncGenerator<Token, void>;
  readonly timing: (tokens: readonly Token[]) => Timing;
  readonly flow: FlowDecoder;
  readonly config: FlowConfig;
  readonly vocoder: Hift;
  /** Samples over which a sentence rises from silence: at its beginning the vocoder has no past to go by. */
  readonly fadeIn: number;
  readonly prompt: FlowPrompt | null;
  /** The vector of the speaker. */
  readonly speaker: Float32Array;
  /** By the number of a frame in the sentence, those of the prompt in front. */
  readonly noise: StartNoise;
}

/** Frames that each sentence of an item has for itself, when noise is addressed. */
export const FRAMES = 2 ** 16;

/**
 * Chunks of the flow in the pieces that are decoded. The vocoder goes over some frames in front of each piece once more, so pieces grow:
 * the first one is heard early, and while it plays there is time for the next, as long as speech is made in less than a third of its time.
 */
const FIRST_CHUNKS = 1;
const GROWTH = 3;
const MOST_CHUNKS = 8;

/** Pieces end where chunks do, those of the prompt counted, so that what was heard does not change when more tokens come. */
export function utterance<Token extends { readonly id: number }>(
  { drawing, timing, flow, config, vocoder, fadeIn, prompt, speaker, noise }: Sounding<Token>,
  { request: { seed, speed }, item, number, signal }: Place,
): Utterance {
  const tokens: Token[] = [];
  const mels = flow.stream({ prompt, speaker, noise, signal });
  const stretch = melSpeed(config.mels, speed);
  const waves = hiftStream(vocoder, { seed, item, first: number * FRAMES });
  const risen = rising(fadeIn);
  let [ended, finished] = [false, false];
  let sent = 0; // tokens that the flow has
  let chunks = FIRST_CHUNKS;
  const chunk = config.generation === 1 ? null : config.chunk;
  // The tokens of the prompt count to the chunks; without chunks, all is heard at the end.
  let until =
    chunk === null ? Number.POSITIVE_INFINITY : FIRST_CHUNKS * chunk + missing(prompt?.tokens.length ?? 0, chunk);

  const heard = async (count: number, ending: Ending): Promise<Float32Array> => {
    const ids = tokens.slice(sent, count).map(({ id }) => id);
    sent = count;
    const mel = stretch.push(await mels.push(ids, ending), ending);
    return risen(await waves.push(mel, ending));
  };

  return {
    ids: () => tokens.map(({ id }) => id),
    timing: () => timing(tokens),
    async next() {
      const { value, done } = await drawing.next();
      if (done) ended = true;
      else tokens.push(value);
      return !ended;
    },
    async sound() {
      if (ended && !finished && tokens.length > 0) {
        finished = true;
        return heard(tokens.length, "final");
      }
      const count = until + LOOKAHEAD;
      if (chunk === null || ended || tokens.length < count) return new Float32Array(0);
      chunks = Math.min(GROWTH * chunks, MOST_CHUNKS);
      until += chunks * chunk;
      return heard(count, "more to come");
    },
    close: async () => {
      await drawing.return();
    },
  };
}

/** How many tokens are missing to whole chunks. */
const missing = (count: number, chunk: number): number => (chunk - (count % chunk)) % chunk;

/** A gain from 0 to 1 over the first `length` samples of all that is passed through, as the square of a sine. */
function rising(length: number): (piece: Float32Array) => Float32Array {
  let before = 0;
  return (piece) => {
    for (let i = 0; i < piece.length && before + i < length; i++)
      piece[i]! *= Math.sin((Math.PI / 2) * ((before + i) / length)) ** 2;
    before += piece.length;
    return piece;
  };
}
