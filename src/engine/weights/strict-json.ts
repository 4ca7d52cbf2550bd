/** JSON as headers need it: the same name twice in one object is an error, not "the last one wins" (a way to hide data). */

/** Parses `text`. Throws a SyntaxError that names what is wrong. */
export function parseStrictJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const repeated = repeatedName(text);
  if (repeated !== null) throw new SyntaxError(`the name ${repeated} comes twice in one object`);
  return value;
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

/** The index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
