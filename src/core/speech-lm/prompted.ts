/** Speech behind a prompt, token by token, whatever network says what comes next. */
import { ArgumentError } from "../../base/errors.js";
import { COSYVOICE_SAMPLING, drawAware } from "./repetition-aware.js";

/** What stands in front of the first token. */
export interface SpeechPrompt {
  readonly text: readonly number[];
  /** Text of the prompt, or an instruction; and the tokens of its recording. Both empty where there is no prompt. */
  readonly promptText: readonly number[];
  readonly promptSpeech: readonly number[];
  /** The vector of who speaks, for CosyVoice 1, which else speaks as it is instructed; the other generations go by the prompt alone. */
  readonly speaker: Float32Array | null;
}

/** A language model that speaks behind prompts. */
export interface PromptedLm extends AsyncDisposable {
  /** Feeds a prompt, behind which at most `most` tokens may follow. */
  begin(prompt: SpeechPrompt, most: number): Promise<PromptedLine>;
  close(): Promise<void>;
}

/** One speech in the making. */
export interface PromptedLine extends AsyncDisposable {
  /** The logits behind the prompt. */
  readonly first: Float32Array;
  /** Feeds a token, and answers the logits behind it. */
  feed(id: number): Promise<Float32Array>;
}

/** Where speech ends. */
export interface SpeechEnds {
  /** Tokens of speech; from this id on all are ends, of which `blocked` is not drawn before the least length. */
  readonly tokens: number;
  readonly blocked: number;
}

export interface PromptedRequest extends SpeechPrompt {
  /** Tokens of speech for each of text, at least and at most. */
  readonly ratio: { readonly least: number; readonly most: number };
  /** Logits are divided by the temperature, where 0 takes the likeliest; the nucleus reaches topP. */
  readonly sampling: { readonly temperature: number; readonly topP: number };
  /** A uniform number for a token; a second one where the first draw repeats itself. */
  readonly coin: (position: number, index: 0 | 1) => number;
  readonly signal?: AbortSignal | undefined;
}

/** As in the authors' code. */
export const PROMPT_RATIO = { least: 2, most: 20 } as const;

/** The tokens of speech, one after the other as they are drawn. */
export async function* promptedTokens(
  model: PromptedLm,
  ends: SpeechEnds,
  request: PromptedRequest,
): AsyncGenerator<number, void> {
  const { text, ratio, coin, signal } = request;
  const { temperature, topP } = request.sampling;
  const nucleus = { ...COSYVOICE_SAMPLING, topP, topK: temperature === 0 ? 1 : COSYVOICE_SAMPLING.topK };
  if (text.length === 0) throw new ArgumentError("text", "at least one token", "none");
  const [least, most] = [text.length * ratio.least, text.length * ratio.most];
  await using line = await model.begin(request, most);
  const said: number[] = [];
  let logits = line.first;
  while (said.length < most) {
    signal?.throwIfAborted();
    const position = said.length;
    const open = temperature === 0 ? logits.slice() : logits.map((x) => x / temperature);
    if (position < least) open[ends.blocked] = Number.NEGATIVE_INFINITY;
    const id = drawAware(open, said, nucleus, (index) => coin(position, index));
    if (id >= ends.tokens) return;
    said.push(id);
    yield id;
    if (said.length < most) logits = await line.feed(id);
  }
}
