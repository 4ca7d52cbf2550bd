/** One text in the making: ids become characters, and end tokens and stop sequences end it. */
import type { TextTokenizer } from "../tokenizers/text/text-tokenizer.js";

export type FinishReason = "stop" | "length";

/** Ids of the prompt that decide how the first id of the answer is spelled. */
const SEEN_BEFORE = 8;

export class Writer {
  readonly ids: number[] = [];
  text = "";
  finishReason: FinishReason = "length";
  /** The stop sequence that ended it, if one did. */
  stopSequence: string | null = null;
  /** Characters of the text that have been shown. */
  private given = 0;
  private readonly stream;

  constructor(
    tokenizer: TextTokenizer,
    prompt: readonly number[],
    private readonly ends: readonly number[],
    private readonly stopSequences: readonly string[],
  ) {
    this.stream = tokenizer.decodeStream();
    for (const id of prompt.slice(-SEEN_BEFORE)) this.stream.push(id);
  }

  /** Takes the next id; answers whether the text ends with it. */
  push(id: number): boolean {
    this.ids.push(id);
    if (this.ends.includes(id)) {
      this.finishReason = "stop";
      this.add(this.stream.end());
      return true;
    }
    return this.add(this.stream.push(id));
  }

  /** Ends a text that ran out of tokens. */
  finish(): void {
    if (this.finishReason === "length" && this.stopSequence === null) this.add(this.stream.end());
  }

  /** What can be shown since the last call: nothing that may yet turn out to begin a stop sequence, before the text is `whole`. */
  fresh(whole: boolean): string {
    const end = whole ? this.text.length : this.text.length - this.mayBegin();
    const out = this.text.slice(this.given, Math.max(this.given, end));
    this.given += out.length;
    return out;
  }

  private add(piece: string): boolean {
    const from = this.text.length;
    this.text += piece;
    const found = this.stopSequences
      .map((sequence) => ({ sequence, at: this.text.indexOf(sequence, Math.max(0, from - sequence.length + 1)) }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (!found) return false;
    this.text = this.text.slice(0, found.at);
    this.finishReason = "stop";
    this.stopSequence = found.sequence;
    return true;
  }

  /** Characters at the end that may begin a stop sequence. */
  private mayBegin(): number {
    let most = 0;
    for (const sequence of this.stopSequences)
      for (let length = Math.min(sequence.length - 1, this.text.length); length > most; length--)
        if (this.text.endsWith(sequence.slice(0, length))) most = length;
    return most;
  }
}
