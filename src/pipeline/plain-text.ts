/** Texts in which every character is seen by whoever reads them. */

/** Controls besides line feeds and tabs, marks that turn the direction of what follows, and halves of characters. */
const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

export const hasControlCharacters = (text: string): boolean => CONTROL.test(text);
