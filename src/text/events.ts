/** What happens while texts are written, and what comes of it. */
import type { RunEvent, RunResult } from "../media/events.js";
import type { GeneratedText } from "./generated-text.js";
import type { FinishReason } from "./writer.js";

export type TextEvent = RunEvent<TextDelta | TextEnd, TextResult, null>;

/** Characters that a text has gained. All those of an index, joined, are its text. */
export interface TextDelta {
  readonly type: "text-delta";
  readonly index: number;
  readonly text: string;
}

export interface TextEnd {
  readonly type: "text-end";
  readonly item: GeneratedText;
}

export interface TextResult extends RunResult {
  readonly texts: readonly GeneratedText[];
  /** The first text, and why it ended. */
  readonly text: string;
  readonly finishReason: FinishReason;
}
