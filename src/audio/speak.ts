/** From a checked request to sound and events. */
import { ArgumentError, CheckpointError } from "../base/errors.js";
import { generate, type Making, type Pass, type Run } from "../media/generate.js";
import { markingOf } from "../media/marking.js";
import { other, type Warning, warnOnce } from "../media/warnings.js";
import { type PhoneticSentence, phoneticSentences } from "../tokenizers/speech/text/phonetic-sentence.js";
import { sentencesAsTheyCome, sentencesOf } from "../tokenizers/speech/text/sentences.js";
import { encodeSpeechFile, to16Bit } from "./encode.js";
import type { SpeechChunk, SpeechEnd, SpeechEvent, SpeechResult } from "./events.js";
import { type GeneratedSpeech, generatedSpeech, type TimedPhone, type TimedWord } from "./generated-speech.js";
import { loudnessOf, normaliseLoudness } from "./loudness.js";
import { speechManifest } from "./manifest.js";
import type { SpeechModel } from "./model.js";
import type { SpeechRequest } from "./request.js";
import { type Utterance, utterance } from "./utterance.js";

type Own = SpeechChunk | SpeechEnd;

/** More than any batch may take: speeches are made one after the other. */
const ALONE = Number.MAX_SAFE_INTEGER;

/** Makes the speeches of a request, with events on the way. Leaving the loop early stops the work. */
export function speak(
  model: SpeechModel,
  request: SpeechRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<SpeechEvent, void, void> {
  const warnings: Warning[] = [];
  const known =
    typeof request.text === "string" ? [...phoneticParts(model, sentencesOf(request.text), warnings)] : null;
  if (known?.length === 0) throw nothingSaid(request.text as string);
  const run: Run<Own, GeneratedSpeech, SpeechResult, null> = {
    ...{ model, settings: request, itemTokens: null, warnings },
    inputTokens: request.n * (known?.reduce((sum, { phones }) => sum + phones.length, 0) ?? 0),
    open: async () => ({
      itemBytes: ALONE,
      begin: async ({ first }, signal) => speaking({ model, request, known, warnings, index: first, signal }),
    }),
    completed: (speech) => ({ type: "speech-end", speech }),
    result: (speeches, facts) => ({ speeches, ...facts }),
  };
  return generate(run, signal);
}

interface Job {
  readonly model: SpeechModel;
  readonly request: SpeechRequest;
  /** null for a text that comes in pieces. */
  readonly known: readonly PhoneticSentence[] | null;
  readonly warnings: Warning[];
  readonly index: number;
  readonly signal: AbortSignal | undefined;
}

/** One speech in the making. */
function speaking({ model, request, known, warnings, index, signal }: Job): Making<Own, GeneratedSpeech> {
  const { sampleRate } = model;
  const pieces: Float32Array[] = [];
  const [words, phones]: [TimedWord[], TimedPhone[]] = [[], []];
  const ids: number[] = [];
  const text: string[] = [];
  let samples = 0;
  let current: Utterance | null = null;

  async function* sentences(): AsyncGenerator<PhoneticSentence, void, void> {
    if (known) return yield* known;
    const heard = async function* () {
      for await (const piece of request.text as AsyncIterable<string>) {
        if (typeof piece !== "string") throw new ArgumentError("text", "pieces that are texts", piece);
        text.push(piece);
        yield piece;
      }
    };
    for await (const sentence of sentencesAsTheyCome(heard())) yield* phoneticParts(model, [sentence], warnings);
  }

  /** When the phones and words of a sentence are heard that begins at `start` seconds. */
  const time = ({ sentence, tokens }: Utterance, start: number): void => {
    const seconds = model.config.tokenSamples / sampleRate / request.speed;
    const at = (phone: number) => start + seconds * tokens.filter((token) => token.phone < phone).length;
    sentence.phones.forEach((phone, i) => phones.push({ phone, start: at(i), end: at(i + 1) }));
    for (const word of sentence.words) words.push({ text: word.text, start: at(word.from), end: at(word.to) });
  };

  return {
    async *passes(): AsyncGenerator<Pass, void, void> {
      let number = 0;
      for await (const sentence of sentences()) {
        const spoken = utterance(model, request, sentence, {
          phones: idsOf(model, sentence),
          item: index,
          number: number++,
          signal,
        });
        current = spoken;
        const start = samples / sampleRate;
        // A pass is told of when the next one shows whether more come, so that what follows the last token is heard with it.
        for (let more = await spoken.next(); more; ) {
          more = await spoken.next();
          yield { accepted: [1], predicted: 1 };
        }
        time(spoken, start);
        ids.push(...spoken.tokens.map(({ id }) => id));
        await spoken.close();
        current = null;
      }
      if (number === 0) throw nothingSaid(text.join(""));
    },
    async *shown() {
      const piece = await current!.sound();
      if (piece.length === 0) return;
      if (request.loudness === null)
        yield { type: "speech-chunk", index, start: samples / sampleRate, sampleRate, samples: piece };
      pieces.push(piece);
      samples += piece.length;
    },
    async finish() {
      const spoken = new Float32Array(samples);
      pieces.reduce((at, piece) => (spoken.set(piece, at), at + piece.length), 0);
      const sound = levelled(spoken, sampleRate, request.loudness, warnings);
      const pcm = to16Bit(sound);
      const { seed, format } = request;
      const said = typeof request.text === "string" ? request.text : text.join("");
      const manifest = speechManifest(model, request, { index, ids: Int32Array.from(ids), text: said, pcm });
      const marking = markingOf({ model: `${model.name} ${model.revision}`, prompt: said, seed, index });
      const bytes = await encodeSpeechFile(format, pcm, sampleRate, marking, signal);
      const timed = { words, phones, ids: Int32Array.from(ids) };
      return generatedSpeech({ bytes, format, sampleRate, samples: sound, ...timed, seed, index, manifest });
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

function* phoneticParts(
  { parts }: SpeechModel,
  sentences: Iterable<string>,
  warnings: Warning[],
): Generator<PhoneticSentence, void, void> {
  for (const sentence of sentences) {
    const { parts: spoken, left } = phoneticSentences(sentence, parts.pronunciation);
    if (left !== "") warnOnce(warnings, other(UNSPOKEN));
    yield* spoken;
  }
}

const UNSPOKEN = "Emoji and letters of other scripts than the Latin one are not spoken; they were left out.";

function idsOf({ config, name }: SpeechModel, { phones }: PhoneticSentence): number[] {
  return phones.map((phone) => {
    const id = config.phones.indexOf(phone);
    if (id < 0)
      throw new CheckpointError(
        name,
        "bad-header",
        `its pronunciation says "${phone}", which is no phone of its networks`,
        "Use the pronunciation that the model was trained with.",
      );
    return id;
  });
}

const nothingSaid = (text: string): ArgumentError =>
  new ArgumentError("text", "a text with something to say in it", text, "Write words or numbers in Latin letters.");
