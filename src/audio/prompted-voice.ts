/** A voice that a prompt stands in front of: a recording with its transcript, a recording alone, an instruction, or a known speaker. */
import { uniform } from "../base/random.js";
import { type PromptedLm, type PromptedRequest, PROMPT_RATIO, promptedTokens } from "../core/speech-lm/prompted.js";
import type { CosyvoiceConfig } from "../models/cosyvoice.js";
import type { FlowDecoder } from "../tokenizers/speech/flow/flow-decoder.js";
import { noiseFrom, publishedNoise, seededNoise } from "../tokenizers/speech/flow/start-noise.js";
import type { Hift } from "../tokenizers/speech/vocoder/hift.js";
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";
import { type Ears, type Heard, listen } from "./recording.js";
import { FRAMES, utterance } from "./utterance.js";
import type { Place, RecordedVoice, Sentence, Speaker, Timing, Utterance, Voice } from "./voice.js";

export interface PromptedParts {
  readonly text: TextTokenizer;
  readonly languageModel: PromptedLm;
  readonly flow: FlowDecoder;
  readonly vocoder: Hift;
  /** Opened when a recording is first brought. */
  ears(): Promise<Ears>;
  /** Speakers that the files know by a vector. */
  readonly speakers: readonly { readonly name: string; readonly vector: Float32Array }[];
}

interface Words extends Sentence {
  readonly text: string;
}

/** What stands in front of a sentence. */
interface Prompt extends Pick<PromptedRequest, "promptText" | "promptSpeech"> {
  /** Added in front of the text itself. */
  readonly before: string;
  /** Who speaks, for the language model; null where an instruction says it. */
  readonly who: Float32Array | null;
  readonly heard: Pick<Heard, "speaker"> & { readonly prompt: Heard["prompt"] | null };
}

/** Places of draws that each sentence has for itself. */
const DRAWS = 2 ** 16;

/** Silent tokens in a row that are heard. */
const MOST_SILENT = 5;

const NO_PROMPT = { promptText: [], promptSpeech: [], before: "" } as const;

const NO_TIMES: Timing = { phones: [], words: [] };

export function promptedVoice(config: CosyvoiceConfig, parts: PromptedParts): Voice {
  const published = publishedNoise();
  const idsOf = (text: string) => [...parts.text.encode(text)];

  /** The layouts of CosyVoice (arXiv 2412.10117 §2.3): zero-shot, instructed, cross-lingual. */
  const promptOf = ({ text, instruction }: RecordedVoice, heard: Heard): Prompt => {
    if (instruction !== undefined) {
      const { written, keeps } = config.instruction;
      const kept = keeps === "recording" ? heard : { speaker: heard.speaker, prompt: null };
      return { ...NO_PROMPT, promptText: idsOf(written(instruction)), who: null, heard: kept };
    }
    if (text === undefined) return { ...NO_PROMPT, before: config.system, who: heard.speaker, heard };
    const said = [...Array.from(heard.prompt.tokens)];
    return { promptText: idsOf(config.system + text), promptSpeech: said, before: "", who: heard.speaker, heard };
  };

  const begin = (prompt: Prompt, { text }: Words, place: Place): Utterance => {
    const { request, item, number, signal } = place;
    const { seed, sampling } = request;
    const tokens = promptedTokens(parts.languageModel, config.ends, {
      ...{ text: idsOf(prompt.before + text), promptText: prompt.promptText, promptSpeech: prompt.promptSpeech },
      speaker: prompt.who,
      ...{ ratio: PROMPT_RATIO, sampling, signal },
      coin: (step, index) => uniform({ seed, item, position: number * DRAWS + step, purpose: "token" }, index),
    });
    return utterance(
      {
        drawing: heardTokens(tokens, new Set(config.silent)),
        timing: () => NO_TIMES,
        ...{ flow: parts.flow, config: config.flow, vocoder: parts.vocoder, fadeIn: 0 },
        noise: config.noise === "published" ? published : noiseFrom(seededNoise(seed, item), number * FRAMES),
        ...prompt.heard,
      },
      place,
    );
  };

  const speakerOf = (label: string, prompt: Prompt, warnings: readonly string[] = []): Speaker => ({
    ...{ label, warnings },
    begin: (sentence, place) => begin(prompt, sentence as Words, place),
  });

  return {
    sentences(text) {
      const parts: Words[] = [{ text, inputTokens: idsOf(text).length }];
      return { parts: /[\p{L}\p{N}]/u.test(text) ? parts : [], left: "" };
    },
    async speaker({ speaker, recording }, signal) {
      if (recording === null) {
        const { name, vector } = parts.speakers[speaker]!;
        const heard = { speaker: vector, prompt: null };
        return speakerOf(name, { ...NO_PROMPT, before: config.system, who: vector, heard });
      }
      const { mel, tokenizerMels: mels, flow } = config;
      const listening = { mel, mels, framesPerToken: flow.generation === 1 ? null : flow.framesPerToken };
      const heard = await listen(recording, await parts.ears(), listening, signal);
      return speakerOf(`recording ${heard.digest}`, promptOf(recording, heard), heard.warnings);
    },
  };
}

/** The tokens without those of a silence that goes on. */
async function* heardTokens(
  tokens: AsyncGenerator<number, void>,
  silent: ReadonlySet<number>,
): AsyncGenerator<{ readonly id: number }, void> {
  let row = 0;
  for await (const id of tokens) {
    row = silent.has(id) ? row + 1 : 0;
    if (row <= MOST_SILENT) yield { id };
  }
}
