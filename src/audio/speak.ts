/** From a checked request to sound and events. */
import { sha256 } from "../base/digest.js";
import { ArgumentError } from "../base/errors.js";
import { generate, type Making, type Pass, type Run } from "../media/generate.js";
import { markingOf } from "../media/marking.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import { sentencesAsTheyCome, sentencesOf } from "../tokenizers/speech/text/sentences.js";
import { encodeSpeechFile, to16Bit } from "./encode.js";
import type { SpeechChunk, SpeechEnd, SpeechEvent, SpeechResult } from "./events.js";
import {
  type GeneratedSpeech,
  generatedSpeech,
  type HeardSpeech,
  type Timed,
  type TimedPhone,
  type TimedWord,
} from "./generated-speech.js";
import { bytesOf, kept } from "./kept.js";
import { loudnessOf, normaliseLoudness } from "./loudness.js";
import { speechManifest } from "./manifest.js";
import type { SpeechModel } from "./model.js";
import type { SpeechRequest } from "./request.js";
import type { Sentence, Speaker, Utterance } from "./voice.js";

/** With its sound or without, as the request says. */
type Spoken = GeneratedSpeech | HeardSpeech;

type Own = SpeechChunk | SpeechEnd<Spoken>;

/** More than any batch may take: speeches are made one after the other. */
const ALONE = Number.MAX_SAFE_INTEGER;

/** Makes the speeches of a request, with events on the way. Leaving the loop early stops the work. */
export function speak(
  model: SpeechModel,
  request: SpeechRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<SpeechEvent<Spoken>, void, void> {
  const warnings: Warning[] = [];
  const { text } = request;
  if (typeof text === "string" && spokenParts(model, sentencesOf(text), []).next().done) throw nothingSaid(text);
  let inputTokens = 0;
  const run: Run<Own, Spoken, SpeechResult<Spoken>, null> = {
    ...{ model, settings: request, itemTokens: null, warnings },
    get inputTokens() {
      return inputTokens;
    },
    async open() {
      const speaker = await model.voice.speaker(request, signal);
      for (const warning of speaker.warnings) warnOnce(warnings, other(warning));
      const read = (sentence: Sentence) => {
        inputTokens += sentence.inputTokens;
      };
      const job = { model, request, speaker, read, warnings };
      return { itemBytes: ALONE, begin: async ({ first }, signal) => speaking({ ...job, index: first, signal }) };
    },
    completed: (speech) => ({ type: "speech-end", speech }),
    result: (speeches, facts) => ({ speeches, ...facts }),
  };
  return generate(run, signal);
}

interface Job {
  readonly model: SpeechModel;
  readonly request: SpeechRequest;
  readonly speaker: Speaker;
  /** Told of each sentence when its turn comes. */
  readonly read: (sentence: Sentence) => void;
  readonly warnings: Warning[];
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

/** One speech in the making. */
function speaking({ model, request, speaker, read, warnings, index, signal }: Job): Making<Own, Spoken> {
  const { sampleRate } = model;
  const sound = kept(request.keep);
  const [words, phones]: [TimedWord[], TimedPhone[]] = [[], []];
  const ids: number[] = [];
  const text: string[] = [];
  let current: Utterance | null = null;

  /** However long the text is, a sentence is looked at when the one before it has been said. */
  async function* sentences(): AsyncGenerator<Sentence, void, void> {
    if (typeof request.text === "string") return yield* spokenParts(model, sentencesOf(request.text), warnings);
    const pieces = request.text;
    const heard = async function* () {
      for await (const piece of pieces) {
        if (typeof piece !== "string") throw new ArgumentError("text", "pieces that are texts", piece);
        text.push(piece);
        yield piece;
      }
    };
    for await (const sentence of sentencesAsTheyCome(heard())) yield* spokenParts(model, [sentence], warnings);
  }

  /** When the phones and words of a sentence are heard that begins at `start` seconds. */
  const time = (utterance: Utterance, start: number): void => {
    const seconds = model.tokenSamples / sampleRate / request.speed;
    const at = (tokens: number) => Number((start + seconds * tokens).toFixed(6)); // microseconds: no 3.5200000000000005
    const heard = <T extends Timed>(timed: T): T => ({ ...timed, start: at(timed.start), end: at(timed.end) });
    const timing = utterance.timing();
    phones.push(...timing.phones.map(heard));
    words.push(...timing.words.map(heard));
  };

  return {
    async *passes(): AsyncGenerator<Pass, void, void> {
      let number = 0;
      for await (const sentence of sentences()) {
        read(sentence);
        const spoken = speaker.begin(sentence, { request, item: index, number: number++, signal });
        current = spoken;
        const start = sound.length / sampleRate;
        // A pass is told of when the next one shows whether more come, so that what follows the last token is heard with it.
        for (let more = await spoken.next(); more; ) {
          more = await spoken.next();
          yield { accepted: [1], predicted: 1 };
        }
        time(spoken, start);
        ids.push(...spoken.ids());
        await spoken.close();
        current = null;
      }
      if (number === 0) throw nothingSaid(text.join(""));
    },
    async *shown() {
      const piece = await current!.sound();
      if (piece.length === 0) return;
      if (request.loudness === null)
        yield { type: "speech-chunk", index, start: sound.length / sampleRate, sampleRate, samples: piece };
      sound.add(piece);
    },
    async finish() {
      const { seed, format } = request;
      const said = typeof request.text === "string" ? request.text : text.join("");
      const heard = (pcmSha256: string): HeardSpeech => {
        const made = { index, ids: Int32Array.from(ids), samples: sound.length, pcmSha256 };
        const manifest = speechManifest(model, request, { ...made, text: said, voice: speaker.label });
        const timed = { words, phones, ids: made.ids, duration: sound.length / sampleRate };
        return { sampleRate, ...timed, seed, index, manifest };
      };
      const end = sound.end();
      if ("sha256" in end) return heard(end.sha256);
      const samples = levelled(end.samples, sampleRate, request.loudness, warnings);
      const pcm = to16Bit(samples);
      const marking = markingOf({ model: `${model.name} ${model.revision}`, prompt: said, seed, index });
      const bytes = await encodeSpeechFile(format, pcm, sampleRate, marking, signal);
      return generatedSpeech({ ...heard(sha256(bytesOf(pcm))), bytes, format, samples });
    },
    close: async () => current?.close(),
  };
}

/** The samples at the loudness asked for; where the peaks have no room for it, a warning says so. */
function levelled(samples: Float32Array, sampleRate: number, target: number | null, warnings: Warning[]): Float32Array {
  if (target === null) return samples;
  const level = normaliseLoudness({ samples, sampleRate }, { target });
  const reached = loudnessOf(level).integrated;
  if (target - reached > 0.1)
    warnOnce(warnings, other(`Louder than ${reached.toFixed(1)} LUFS its peaks would exceed -1 dBTP.`));
  return level.samples;
}

function* spokenParts(
  { voice }: SpeechModel,
  sentences: Iterable<string>,
  warnings: Warning[],
): Generator<Sentence, void, void> {
  for (const sentence of sentences) {
    const { parts, left } = voice.sentences(sentence);
    if (left !== "") warnOnce(warnings, other(UNSPOKEN));
    yield* parts;
  }
}

const UNSPOKEN = "Emoji and letters of scripts other than Latin are not spoken; they were left out.";

const nothingSaid = (text: string): ArgumentError =>
  new ArgumentError("text", "a text with something to say", text, "Write words or numbers in Latin letters.");
