/** A voice that speaks in latents, drawn by a flow from what a transformer says, and decoded as they come: pocket-tts. */
import { normals } from "../base/random.js";
import { ArgumentError } from "../base/errors.js";
import type { FlowLm, LatentFrame, VoiceStates } from "../core/flow-lm/flow-lm.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";
import type { PocketTtsConfig } from "../models/pocket-tts.js";
import type { LatentCodec } from "../tokenizers/speech/codecs/latent-codec.js";
import { partedSentence, type SentencePart } from "../tokenizers/speech/text/parted-sentence.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { resampled } from "../tokenizers/speech/audio/resample.js";
import { recordedSound } from "./recording.js";
import type { Place, RecordedVoice, Sentence, Speaker, Timing, Utterance, Voice } from "./voice.js";
import { FRAMES } from "./utterance.js";

export interface LatentParts {
  readonly text: TextTokenizer;
  readonly languageModel: FlowLm;
  readonly codec: LatentCodec;
  /** The voices that the files know, each read when it first speaks. */
  readonly voices: readonly { readonly name: string; states(): Promise<VoiceStates> }[];
}

interface Part extends Sentence, SentencePart {}

/** Of the authors' code: steps of the flow, tokens that are spoken in one go, tokens a second, and the time that is left besides. */
const FLOW_STEPS = 1;
const MOST_TOKENS = 50;
const TOKENS_A_SECOND = 3;
const SPARE_SECONDS = 2;

/** Frames from the one on at which the end is said: in a few words there is more to fade out. */
const framesAtEnd = (words: number): number => (words <= 4 ? 5 : 3);

/** Frames in the pieces that are decoded: the first is heard early, and while it plays there is time for the next. */
const FIRST_FRAMES = 1;
const GROWTH = 2;
const MOST_FRAMES = 8;

const NO_TIMES: Timing = { phones: [], words: [] };

/** `name` is the model's, for messages. */
export function latentVoice(name: string, config: PocketTtsConfig, parts: LatentParts): Voice {
  const { languageModel, codec, text: tokenizer } = parts;

  const begin = (voice: VoiceStates, { ids, words }: Part, { request, item, number, signal }: Place): Utterance => {
    const { seed, sampling } = request;
    const deviation = Math.sqrt(sampling.temperature);
    const drawing = languageModel.generate({
      ...{ voice, text: ids, steps: FLOW_STEPS, signal },
      noise: (frame) => {
        const address = { seed, item, position: number * FRAMES + frame, purpose: "noise" } as const;
        return normals(address, config.codec.latent).map((x) => x * deviation);
      },
      most: Math.ceil((ids.length / TOKENS_A_SECOND + SPARE_SECONDS) * config.frameRate),
      afterEnd: (config.framesAtEnd ?? framesAtEnd(words)) - 1,
    });
    return heardLatents(drawing, codec);
  };

  const recorded = async (recording: RecordedVoice, signal: AbortSignal | undefined): Promise<Speaker> => {
    if (recording.instruction !== undefined)
      throw new ArgumentError("voice.instruction", `no instruction: ${name} takes none`, recording.instruction);
    const { sound, digest, warnings } = await recordedSound(recording, signal);
    const latents = await codec.encode(resampled(sound.samples, sound.sampleRate, config.codec.sampleRate));
    const states = await languageModel.listen(turned(latents));
    const unread = recording.text === undefined ? [] : [`${name} does not read what is said in a recording.`];
    return {
      label: `recording ${digest}`,
      warnings: [...warnings, ...unread],
      begin: (sentence, place) => begin(states, sentence as Part, place),
    };
  };

  return {
    sentences(text) {
      const written = config.semicolonsAsCommas ? text.replaceAll(";", ",") : text;
      const found = partedSentence(written, tokenizer, MOST_TOKENS);
      return { parts: found.map((part): Part => ({ ...part, inputTokens: part.ids.length })), left: "" };
    },
    async speaker({ speaker, recording }, signal) {
      if (recording !== null) return recorded(recording, signal);
      const voice = parts.voices[speaker]!;
      const states = await voice.states();
      return {
        ...{ label: voice.name, warnings: [] },
        begin: (sentence, place) => begin(states, sentence as Part, place),
      };
    },
  };
}

/** Latents on their way to sound: decoded in pieces of frames that grow. */
function heardLatents(drawing: AsyncGenerator<LatentFrame, void>, codec: LatentCodec): Utterance {
  const waves = codec.decodeStream();
  let waiting: Float32Array[] = [];
  let [ended, piece] = [false, FIRST_FRAMES];
  return {
    ids: () => [],
    timing: () => NO_TIMES,
    async next() {
      const { value, done } = await drawing.next();
      if (done) ended = true;
      else waiting.push(value.audible);
      return !ended;
    },
    async sound() {
      if (waiting.length === 0 || (!ended && waiting.length < piece)) return new Float32Array(0);
      const frames = waiting;
      waiting = [];
      piece = Math.min(GROWTH * piece, MOST_FRAMES);
      const samples = await waves.push(turned(tensor([1, frames.length, frames[0]!.length], joined(frames))));
      return samples.map((x) => Math.min(Math.max(x, -1), 1));
    },
    close: async () => {
      await drawing.return();
    },
  };
}

/** [1, A, B] as [1, B, A]. */
function turned({ shape, data }: FloatTensor): FloatTensor {
  const [, A, B] = shape as [number, number, number];
  return tensor(
    [1, B, A],
    Float32Array.from(data, (_, i) => data[(i % A) * B + Math.floor(i / A)]!),
  );
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.length * rows[0]!.length);
  rows.forEach((row, i) => all.set(row, i * row.length));
  return all;
}
