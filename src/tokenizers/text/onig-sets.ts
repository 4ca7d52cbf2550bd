/** The character sets of Oniguruma as insides of JavaScript classes (v flag), each checked against the original's members. */

/** Why a pattern cannot be translated. The caller knows the file and makes the typed error. */
export class UnsupportedPattern extends Error {}

export type Folding = "exact" | "anyCase";

/** \w of Oniguruma with Unicode. */
export const WORD = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]";

/** Names that JavaScript lacks or understands differently. Everything else is a general category, script or property. */
const SETS: Readonly<Record<string, string>> = {
  word: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}",
  alnum: "\\p{Alphabetic}\\p{Nd}",
  alpha: "\\p{Alphabetic}",
  blank: "\\p{Zs}\\t",
  cntrl: "\\p{Cc}",
  digit: "\\p{Nd}",
  graph: "[[\\p{Any}--\\p{White_Space}]--[\\p{Cc}\\p{Cn}\\p{Cs}]]",
  lower: "\\p{Lowercase}",
  print: "[[[\\p{Any}--\\p{White_Space}]--[\\p{Cc}\\p{Cn}\\p{Cs}]]\\p{Zs}]",
  punct: "\\p{P}",
  space: "\\p{White_Space}",
  upper: "\\p{Uppercase}",
  xdigit: "0-9A-Fa-f",
  any: "\\p{Any}",
  ascii: "\\p{ASCII}",
  "[:punct:]": "\\p{P}\\p{S}",
};

/** Letters whose further cases neither toLowerCase nor toUpperCase finds. */
const MORE_CASES: Readonly<Record<string, string>> = { s: "ſ", k: "\u212a", å: "\u212b", ß: "ẞ", µ: "μ", ω: "\u2126" };

/** The set of that name, as members of a class. Spaces, hyphens, underscores and case in names do not count. */
export function namedSet(name: string, inverted: boolean): string {
  const plain = name.replace(/[ _-]/g, "").toLowerCase();
  const posix = /^\[:(\w+):\]$/.exec(plain)?.[1];
  const known = SETS[plain] ?? (posix === undefined ? undefined : SETS[posix]);
  if (known !== undefined) return inverted ? `[^${known}]` : known;
  const words = name.trim().split(/[ _-]+/);
  const titled = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join("_");
  for (const property of [name, titled, `Script=${titled}`, `${titled.charAt(0)}${titled.slice(1).toLowerCase()}`]) {
    if (!/^[\w=]+$/.test(property)) continue;
    const set = `\\${inverted ? "P" : "p"}{${property}}`;
    if (compiles(set)) return set;
  }
  throw new UnsupportedPattern(`the property \\p{${name.slice(0, 40)}}`);
}

function compiles(source: string): boolean {
  try {
    return new RegExp(source, "v") !== null;
  } catch {
    return false;
  }
}

/** The characters from `low` to `high`, with their other cases if folding asks for them, as members of a class. */
export function foldedRange(low: string, high: string, folding: Folding): string {
  const first = low.codePointAt(0)!;
  const last = high.codePointAt(0)!;
  const range = first === last ? literal(low) : `${literal(low)}-${literal(high)}`;
  if (folding === "exact") return range;
  if (last - first > 0x3000) throw new UnsupportedPattern("a range of more than 12,288 characters within (?i:…)");
  const others = new Set<string>();
  for (let code = first; code <= last; code++)
    for (const other of otherCases(String.fromCodePoint(code))) others.add(other);
  return range + [...others].map(literal).join("");
}

function otherCases(character: string): string[] {
  const lower = character.toLowerCase();
  const upper = character.toUpperCase();
  const more = MORE_CASES[lower] ?? "";
  const reverse = Object.entries(MORE_CASES).flatMap(([letter, form]) =>
    form === character ? [letter, letter.toUpperCase()] : [],
  );
  return [lower, upper, more, ...reverse].filter((other) => [...other].length === 1 && other !== character);
}

/** One character as itself, inside or outside a class. */
export function literal(character: string): string {
  return /^[\p{L}\p{N}]$/u.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
