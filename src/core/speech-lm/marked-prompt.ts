/** Prompts as CosyVoice 2 and 3 lay them out (arXiv 2412.10117 §2.3): [sos] prompt text, text [task] prompt speech … */
import type { PromptedLm, SpeechEnds, SpeechPrompt } from "./prompted.js";
import type { Fed, SpeechLm } from "./speech-lm.js";

/** Marks and ends of a generation. */
export interface PromptLayout extends SpeechEnds {
  /** Rows of the marks in front of the text and in front of the speech. */
  readonly sos: number;
  readonly task: number;
}

export const PROMPT_LAYOUTS = {
  "cosyvoice2-0.5b": { sos: 0, task: 1, tokens: 6561, blocked: 6561 },
  // The authors' code blocks 6561, which is a mark here and no end: speech of generation 3 has no least length.
  "cosyvoice3-0.5b": { sos: 6561, task: 6563, tokens: 6561, blocked: 6561 },
} as const satisfies Readonly<Record<string, PromptLayout>>;

/** What stands in front of the first token. */
export const promptPlaces = ({ sos, task }: PromptLayout, { promptText, text, promptSpeech }: SpeechPrompt): Fed[] => [
  { kind: "mark", row: sos },
  ...[...promptText, ...text].map((id): Fed => ({ kind: "text", rows: [id] })),
  { kind: "mark", row: task },
  ...promptSpeech.map((id): Fed => ({ kind: "speech", id })),
];

/** The model with prompts of that layout, closed together. */
export function behindMarks(model: SpeechLm, layout: PromptLayout): PromptedLm {
  return {
    async begin(prompt, most) {
      const places = promptPlaces(layout, prompt);
      const line = await model.begin(places.length + most);
      return {
        first: await line.feed(places),
        feed: (id) => line.feed([{ kind: "speech", id }]),
        [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
      };
    },
    close: () => model.close(),
    [Symbol.asyncDispose]: () => model.close(),
  };
}
