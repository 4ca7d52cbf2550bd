/** One sentence on its way from tokens to sound, as its tokens come. */
import type { FloatTensor } from "../engine/tensor.js";
import { melSpeed } from "../tokenizers/speech/audio/mel-speed.js";
import type { Ending } from "../tokenizers/speech/ending.js";
import { type FlowConfig, LOOKAHEAD } from "../tokenizers/speech/flow/flow-config.js";
import { type FlowDecoder, type FlowPrompt, framesFrom } from "../tokenizers/speech/flow/flow-decoder.js";
import type { StartNoise } from "../tokenizers/speech/flow/start-noise.js";
import type { Hift } from "../tokenizers/speech/vocoder/hift.js";
import { hiftStream } from "../tokenizers/speech/vocoder/hift-stream.js";
import type { Place, Timing, Utterance } from "./voice.js";

export interface Sounding<Token extends { readonly id: number }> {
  /** Ends with the sentence. */
  readonly drawing: AsyncGenerator<Token, void>;
  readonly timing: (tokens: readonly Token[]) => Timing;
  readonly flow: FlowDecoder;
  readonly config: Exclude<FlowConfig, { generation: 1 }>;
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
 * Chunks of the flow in the pieces that are decoded. Each piece takes the whole sentence so far, so pieces grow: the first one is heard
 * early, and while it plays there is time for the next, as long as speech is made in less than a quarter of its time.
 */
const FIRST_CHUNKS = 1;
const GROWTH = 4;
const MOST_CHUNKS = 16;

/** Pieces end where chunks do, those of the prompt counted, so that what was heard does not change when more tokens come. */
export function utterance<Token extends { readonly id: number }>(
  { drawing, timing, flow, config, vocoder, fadeIn, prompt, speaker, noise }: Sounding<Token>,
  { request: { seed, speed }, item, number, signal }: Place,
): Utterance {
  const tokens: Token[] = [];
  const stretch = melSpeed(config.mels, speed);
  const stream = hiftStream(vocoder, { seed, item, first: number * FRAMES });
  const risen = rising(fadeIn);
  const behindChunk = (prompt?.tokens.length ?? 0) % config.chunk;
  let ended = false;
  let sounded = 0; // tokens whose mel is made
  let chunks = FIRST_CHUNKS;
  let until = FIRST_CHUNKS * config.chunk + ((config.chunk - behindChunk) % config.chunk);

  const melOf = async (count: number, ending: Ending): Promise<FloatTensor> => {
    const ids = tokens.slice(0, count).map(({ id }) => id);
    const mel = await flow.decode({ tokens: ids, prompt, speaker, masks: "chunks", ending, signal, noise });
    return stretch.push(framesFrom(mel, sounded * config.framesPerToken), ending);
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
      if (ended) {
        if (sounded === tokens.length) return new Float32Array(0);
        const mel = await melOf(tokens.length, "final");
        sounded = tokens.length;
        return risen(await stream.push(mel, "final"));
      }
      if (tokens.length < until + LOOKAHEAD) return new Float32Array(0);
      const mel = await melOf(until + LOOKAHEAD, "more to come");
      sounded = until;
      chunks = Math.min(GROWTH * chunks, MOST_CHUNKS);
      until += chunks * config.chunk;
      return risen(await stream.push(mel, "more to come"));
    },
    close: async () => {
      await drawing.return();
    },
  };
}

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
