/** Words for messages: foreign text made harmless to a terminal, values described, names suggested. */

/**
 * Text as a terminal may print it: control characters, line and paragraph separators and bidirectional marks are written as
 * escapes, such as \u001b. Line feeds stay, as messages have several lines.
 */
export const printable = (text: string): string =>
  text.replace(/[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);

/** The same on one line, for a name out of a file. */
export const onOneLine = (text: string): string => printable(text).replaceAll("\n", "\\u000a");

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** At most `most` characters of a long text, its beginning and its end, with the number left out between them. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.floor(most / 4);
  const head = most - tail;
  return `${text.slice(0, head)} … (${text.length - most} characters left out) … ${text.slice(-tail)}`;
}

/** Text in double quotes on one line, cut after 60 characters. */
export function quoted(text: string): string {
  const cut = text.length > 60;
  return `${onOneLine(JSON.stringify(cut ? `${text.slice(0, 60)}…` : text))}${cut ? ` (${text.length} characters)` : ""}`;
}

/** What was received, in words, where those tell more than the value: `described("a picture of 60 x 40")`. */
export class Description {
  constructor(readonly text: string) {}
}

export const described = (text: string): Description => new Description(text);

/** A value as a message names it. */
export function shown(value: unknown): string {
  if (value instanceof Description) return onOneLine(shortened(value.text, 400));
  if (typeof value === "string") return value === "" ? "an empty text" : quoted(value);
  if (typeof value === "bigint") return `${shortened(String(value), 60)}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return onOneLine(shortened(String(value), 60));
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : `an array of ${value.length}`;
  if (value instanceof Uint8Array) return value.length === 0 ? "no bytes" : `${value.length} bytes`;
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  const name = kind === "Object" ? classOf(value) : kind;
  return name === null ? "an object" : `an object of the class ${onOneLine(shortened(name, 60))}`;
}

/** The name of the class of an object; null for a plain one. */
function classOf(value: object): string | null {
  const prototype = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  const made = prototype?.constructor;
  return typeof made === "function" && made !== Object && made.name !== "" ? made.name : null;
}
