/** A sentence as a model reads it that was taught whole sentences, well written and not too long: pocket-tts. */
import type { TextTokenizer } from "../../text/text-tokenizer.js";

export interface SentencePart {
  readonly ids: readonly number[];
  readonly words: number;
}

/**
 * The parts of a sentence, of at most `most` tokens each; none where there is nothing to say. It begins with a capital and ends with a
 * mark, as in the authors' code. One that is too long is parted behind commas, semicolons and colons, and where that does not help, between words.
 */
export function partedSentence(sentence: string, tokenizer: TextTokenizer, most: number): SentencePart[] {
  const text = written(sentence);
  if (text === null) return [];
  const parts: SentencePart[] = [];
  let open: string[] = [];
  const partOf = (pieces: readonly string[]): SentencePart => {
    const whole = pieces.join(" ");
    return { ids: [...tokenizer.encode(whole)], words: whole.split(" ").length };
  };
  const close = () => {
    if (open.length > 0) parts.push(partOf(open));
    open = [];
  };
  const fits = (pieces: readonly string[]) => partOf(pieces).ids.length <= most;
  const add = (pieces: readonly string[], smaller: (piece: string) => readonly string[]) => {
    for (const piece of pieces) {
      if (!fits([...open, piece])) close();
      const within = fits([piece]) ? [] : smaller(piece);
      if (within.length > 1) add(within, () => []);
      else open.push(piece);
    }
  };
  if (fits([text])) return [partOf([text])];
  add(text.split(/(?<=[,;:]) /), (clause) => clause.split(" "));
  close();
  return parts;
}

function written(sentence: string): string | null {
  if (!/[\p{L}\p{N}]/u.test(sentence)) return null;
  const text = sentence.trim().replace(/\s+/g, " ");
  const first = String.fromCodePoint(text.codePointAt(0)!);
  const capital = first.toUpperCase() + text.slice(first.length);
  return /[\p{L}\p{N}]$/u.test(capital) ? `${capital}.` : capital;
}
