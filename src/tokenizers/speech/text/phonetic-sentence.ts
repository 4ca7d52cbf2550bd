/** Sentences as phones, with the words that they belong to. */
import type { Pronunciation } from "./pronunciation.js";
import { spokenForms } from "./spoken-forms.js";

/** A sentence to be spoken. */
export interface PhoneticSentence {
  readonly text: string;
  /** ARPAbet with stress; "^" begins, "," is a pause, ".", "?" or "!" ends. */
  readonly phones: readonly string[];
  /** Stretches of the text and their phones, the first and the one behind the last. */
  readonly words: readonly { readonly text: string; readonly from: number; readonly to: number }[];
}

/** The sentence as phones; null where nothing in it is said. */
export function phoneticSentence(text: string, pronunciation: Pronunciation): PhoneticSentence | null {
  const phones = ["^"];
  const words: { text: string; from: number; to: number }[] = [];
  for (const form of spokenForms(text)) {
    const from = phones.length;
    for (const said of form.said) {
      if (said === ",") {
        if (phones.length > 1 && phones.at(-1) !== ",") phones.push(",");
      } else phones.push(...(/^[a-z]\.$/.test(said) ? pronunciation.spelled(said[0]!) : pronunciation.phones(said)));
    }
    const pause = form.said.length === 1 && form.said[0] === ",";
    if (phones.length > from && !pause) words.push({ text: form.text, from, to: phones.length });
  }
  while (phones.at(-1) === ",") phones.pop();
  if (words.length === 0) return null;
  const end = /([.?!])["”'’)\]\s]*$/.exec(text)?.[1] ?? ".";
  return { text, phones: [...phones, end], words };
}
