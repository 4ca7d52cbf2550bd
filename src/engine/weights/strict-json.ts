/**
 * JSON as headers need it. The same name twice in one object is an error, not "the last one wins" (a way to hide data). And what a
 * text may become is bounded before it becomes it: a megabyte of brackets would take fifty in memory.
 */

/** A header is three deep; one of a hundred thousand tensors has half a million values. */
const LIMITS = { depth: 16, values: 2 ** 20 };

/** Parses `text`. Throws a SyntaxError that names what is wrong. */
export function parseStrictJson(text: string): unknown {
  refuseLarge(text);
  const value: unknown = JSON.parse(text);
  const repeated = repeatedName(text);
  if (repeated !== null) throw new SyntaxError(`the name ${repeated} comes twice in one object`);
  return value;
}

/** Counts brackets and commas in a text that need not be JSON. */
function refuseLarge(text: string): void {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x22) at = endOfString(text, at) - 1;
    else if (c === 0x5b || c === 0x7b)
      depth++; // [ {
    else if (c === 0x5d || c === 0x7d)
      depth--; // ] }
    else if (c === 0x2c)
      values++; // ,
    else continue;
    if (depth > LIMITS.depth) throw new SyntaxError(`lists and objects are nested more than ${LIMITS.depth} deep`);
    if (values > LIMITS.values) throw new SyntaxError(`there are more than ${LIMITS.values} values`);
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The first name, in quotes, that one object of this valid JSON text has twice; else null. */
function repeatedName(text: string): string | null {
  const open: (Set<string> | null)[] = []; // the names so far of each object around us, null for an array
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (nameNext && names) {
        const name = text.slice(at, end);
        const plain = name.includes("\\") ? JSON.stringify(JSON.parse(name)) : name;
        if (names.has(plain)) return plain;
        names.add(plain);
      }
      nameNext = false;
      at = end - 1;
    } else if (c === "{") {
      open.push(new Set());
      nameNext = true;
    } else if (c === "[") {
      open.push(null);
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === ",") {
      nameNext = true;
    }
  }
  return null;
}

/** The index after the closing quote of the string that opens at `start`, or after the text where it does not close. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  for (; at > 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at + 1;
  }
  return text.length + 1;
}
