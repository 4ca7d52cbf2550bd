/** Mel of tokens as they come: what all pieces give is what all tokens give at once, if places see their own chunk and those before it. */
import { type FloatTensor, tensor } from "../../../engine/tensor.js";
import { emptyCarries, growthOf } from "../carry.js";
import type { Ending } from "../ending.js";
import { framesBetween } from "../frames.js";
import { type FlowConfig, LOOKAHEAD } from "./flow-config.js";
import type { FlowDecoder } from "./flow-decoder.js";
import { estimatorGraph } from "./flow-graphs.js";
import { type Carried, type FlowPrograms, type FlowVoice, pass } from "./passage.js";

export interface FlowStream {
  /**
   * Takes the next tokens of the utterance, and gives the mel [1, mels, n] of all whole chunks that they complete, or after "final" of
   * all that is left. Those of the prompt count to its chunks, but their mel is not given.
   */
  push(tokens: readonly number[], ending: Ending): Promise<FloatTensor>;
}

export type ChunkedConfig = Exclude<FlowConfig, { generation: 1 }>;

/** Bytes that networks may remember per frame. Larger ones would fill the memory within a sentence: CosyVoice 2 takes 4.6 MB. */
const MOST_REMEMBERED = 2 ** 16;

/** Whether what the networks remember of a frame is little enough to be kept. */
export const remembers = (config: ChunkedConfig): boolean =>
  4 * config.steps * growthOf(estimatorGraph(config, "chunks in pieces").inputs) <= MOST_REMEMBERED;

/** Every token passes the networks once; they remember those in front. */
export function rememberingStream(config: ChunkedConfig, programs: FlowPrograms, voice: FlowVoice): FlowStream {
  const { prompt } = voice;
  const masks = "chunks in pieces";
  const begun = async (): Promise<Carried> => {
    const encoder = await programs.encoder(masks, "more to come");
    const estimator = await programs.estimator(masks);
    return {
      encoder: emptyCarries(encoder.graph.inputs),
      steps: Array.from({ length: config.steps }, () => emptyCarries(estimator.graph.inputs)),
    };
  };
  let carried: Carried | null = null;
  let open = Array.from(prompt?.tokens ?? []); // tokens that have not passed
  let past = 0;
  return {
    async push(tokens, ending) {
      open.push(...tokens);
      const count = settled(config, past, past + open.length, ending) - past;
      if (count <= 0) return nothing(config);
      const ids = Int32Array.from(ending === "final" ? open : open.slice(0, count + LOOKAHEAD));
      carried ??= await begun();
      const mel = await pass(config, programs, { ...voice, ids, masks, ending, past, carried });
      const ofPrompt = Math.min(Math.max((prompt?.tokens.length ?? 0) - past, 0), count);
      open = open.slice(count);
      past += count;
      return framesBetween(mel, ofPrompt * config.framesPerToken, mel.shape[2]!);
    },
  };
}

/** All tokens so far pass the networks once more with every piece, as in the authors' code. */
export function repeatingStream(decoder: FlowDecoder, config: ChunkedConfig, voice: FlowVoice): FlowStream {
  const tokens: number[] = [];
  const inPrompt = voice.prompt?.tokens.length ?? 0;
  let past = inPrompt;
  return {
    async push(more, ending) {
      tokens.push(...more);
      const end = settled(config, past, inPrompt + tokens.length, ending);
      if (end <= past) return nothing(config);
      const sent = ending === "final" ? tokens : tokens.slice(0, end - inPrompt + LOOKAHEAD);
      const mel = await decoder.decode({ ...voice, tokens: sent, masks: "chunks", ending });
      const first = (past - inPrompt) * config.framesPerToken;
      past = end;
      return framesBetween(mel, first, mel.shape[2]!);
    },
  };
}

/** Generation 1 has no chunks: its mel comes when the speech is over. */
export function wholeStream(decoder: FlowDecoder, voice: FlowVoice): FlowStream {
  const tokens: number[] = [];
  return {
    async push(more, ending) {
      tokens.push(...more);
      if (ending === "more to come" || tokens.length === 0) return nothing(decoder.config);
      return decoder.decode({ ...voice, tokens, masks: "whole", ending });
    },
  };
}

/** How many of `known` tokens have their mel: all at the end, else those of whole chunks that have tokens to look ahead to. */
const settled = ({ chunk }: ChunkedConfig, past: number, known: number, ending: Ending): number =>
  ending === "final" ? known : Math.max(past, Math.floor((known - LOOKAHEAD) / chunk) * chunk);

const nothing = ({ mels }: FlowConfig): FloatTensor => tensor([1, mels, 0], new Float32Array(0));
