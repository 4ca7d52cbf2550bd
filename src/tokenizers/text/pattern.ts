/** The "pattern" members of tokenizer files, { "String": … } or { "Regex": … }, and the search for their matches. */
import { grow } from "./effort.js";
import type { Cursor } from "./json-cursor.js";
import { translateOnig } from "./onig.js";
import { literal, UnsupportedPattern } from "./onig-sets.js";
import { isTame } from "./pattern-cost.js";

/** A stretch of a text, found by a pattern or lying between two finds. Offsets in UTF-16 code units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly matched: boolean;
}

const LONGEST_PATTERN = 65_536;

export function readPattern(part: Cursor): RegExp {
  if (part.has("String")) return exactly(part.at("String").string());
  const regex = part.at("Regex");
  if (regex.value === undefined) part.fail('must hold a "String" or a "Regex"');
  const source = regex.string();
  if (source.length > LONGEST_PATTERN) regex.fail(`is longer than ${LONGEST_PATTERN} characters`);
  try {
    const translated = translateOnig(source);
    translated.test(""); // V8 compiles at the first use, and refuses what is too large only then
    translated.lastIndex = 0;
    part.file.wildPatterns ||= !isTame(translated.source);
    return translated;
  } catch (error) {
    if (!(error instanceof UnsupportedPattern || error instanceof SyntaxError || error instanceof RangeError))
      throw error;
    return regex.fail(
      `uses ${error.message} in the pattern ${JSON.stringify(source.slice(0, 80))}, which is not supported`,
      "Write the pattern without it, or report the model that needs it.",
    );
  }
}

/** A pattern that finds this text itself. */
export function exactly(text: string): RegExp {
  return new RegExp([...text].map(literal).join(""), "gv");
}

/** Cuts the whole text into finds and what lies between them, in order. */
export function stretches(text: string, pattern: RegExp): Stretch[] {
  const found: Stretch[] = [];
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (match.index > done) found.push({ start: done, end: match.index, matched: false });
    found.push({ start: match.index, end, matched: true });
    done = end;
  }
  if (done < text.length) found.push({ start: done, end: text.length, matched: false });
  return found;
}

/** Replaces every find by `content`, taken literally. */
export const replaceAll = (text: string, pattern: RegExp, content: string): string =>
  text.replace(pattern, (found) => {
    grow(content.length - found.length);
    return content;
  });
