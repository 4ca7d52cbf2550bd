/** Sentences as phones, with the words that they belong to. */
import type { Pronunciation } from "./pronunciation.js";
import { spokenForms } from "./spoken-forms.js";

/** What is spoken in one go: a sentence, or a part of one that says too much. */
export interface PhoneticSentence {
  /** ARPAbet with stress; "^" begins, "," is a pause, ".", "?" or "!" ends. */
  readonly phones: readonly string[];
  /** Stretches of the text and their phones, the first and the one after the last. */
  readonly words: readonly PhoneticWord[];
}

export interface PhoneticWord {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A sentence of more phones, such as one full of long numbers, is spoken in parts. */
const MOST_PHONES = 400;

/** The sentence as phones, in one part or several; none where nothing in it is said. `left` are characters that are not spoken. */
export function phoneticSentences(
  text: string,
  pronunciation: Pronunciation,
): { readonly parts: readonly PhoneticSentence[]; readonly left: string } {
  const end = /([.?!])["”'’)\]\s]*$/.exec(text)?.[1] ?? ".";
  const parts: PhoneticSentence[] = [];
  let phones = ["^"];
  let words: PhoneticWord[] = [];
  const finish = (mark: string) => {
    while (phones.at(-1) === ",") phones.pop();
    if (words.length > 0) parts.push({ phones: [...phones, mark], words });
    phones = ["^"];
    words = [];
  };
  const { forms, left } = spokenForms(text);
  for (const form of forms) {
    const from = phones.length;
    for (const said of form.said) {
      if (said === ",") {
        if (phones.length > 1 && phones.at(-1) !== ",") phones.push(",");
      } else phones.push(...(/^[a-z]\.$/.test(said) ? pronunciation.spelled(said[0]!) : pronunciation.phones(said)));
    }
    const pause = form.said.length === 1 && form.said[0] === ",";
    if (phones.length > from && !pause) words.push({ text: form.text, from, to: phones.length });
    if (phones.length > MOST_PHONES) finish(".");
  }
  finish(end);
  return { parts, left };
}
