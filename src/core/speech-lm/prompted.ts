/** Speech behind a prompt, as CosyVoice 2 and 3 lay it out (arXiv 2412.10117 §2.3): [sos] prompt text, text [task] prompt speech … */
import { ArgumentError } from "../../base/errors.js";
import { COSYVOICE_SAMPLING, drawAware } from "./repetition-aware.js";
import type { Fed, SpeechLm } from "./speech-lm.js";

/** Marks and ends of a generation. */
export interface PromptLayout {
  /** Rows of the marks in front of the text and in front of the speech. */
  readonly sos: number;
  readonly task: number;
  /** Tokens of speech; from this id on all are ends, of which `blocked` is not drawn before the least length. */
  readonly tokens: number;
  readonly blocked: number;
}

export const PROMPT_LAYOUTS = {
  "cosyvoice2-0.5b": { sos: 0, task: 1, tokens: 6561, blocked: 6561 },
  // The authors' code blocks 6561, which is a mark here and no end: speech of generation 3 has no least length.
  "cosyvoice3-0.5b": { sos: 6561, task: 6563, tokens: 6561, blocked: 6561 },
} as const satisfies Readonly<Record<string, PromptLayout>>;

export interface PromptedRequest {
  readonly text: readonly number[];
  /** Text of the prompt, or an instruction; and the tokens of its recording. Both empty where there is no prompt. */
  readonly promptText: readonly number[];
  readonly promptSpeech: readonly number[];
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

/** What stands in front of the first token. */
export const promptPlaces = (
  { sos, task }: PromptLayout,
  { promptText, text, promptSpeech }: PromptedRequest,
): Fed[] => [
  { kind: "mark", row: sos },
  ...[...promptText, ...text].map((id): Fed => ({ kind: "text", rows: [id] })),
  { kind: "mark", row: task },
  ...promptSpeech.map((id): Fed => ({ kind: "speech", id })),
];

/** The tokens of speech, one after the other as they are drawn. */
export async function* promptedTokens(
  model: SpeechLm,
  layout: PromptLayout,
  request: PromptedRequest,
): AsyncGenerator<number, void> {
  const { text, ratio, coin, signal } = request;
  const { temperature, topP } = request.sampling;
  const nucleus = { ...COSYVOICE_SAMPLING, topP, topK: temperature === 0 ? 1 : COSYVOICE_SAMPLING.topK };
  if (text.length === 0) throw new ArgumentError("text", "at least one token", "none");
  const [least, most] = [text.length * ratio.least, text.length * ratio.most];
  const places = promptPlaces(layout, request);
  await using line = await model.begin(places.length + most);
  const said: number[] = [];
  let logits = await line.feed(places);
  while (said.length < most) {
    signal?.throwIfAborted();
    const position = said.length;
    const open = temperature === 0 ? logits.slice() : logits.map((x) => x / temperature);
    if (position < least) open[layout.blocked] = Number.NEGATIVE_INFINITY;
    const id = drawAware(open, said, nucleus, (index) => coin(position, index));
    if (id >= layout.tokens) return;
    said.push(id);
    yield id;
    if (said.length < most) logits = await line.feed([{ kind: "speech", id }]);
  }
}
