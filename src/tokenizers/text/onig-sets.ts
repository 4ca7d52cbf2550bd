/** The character sets of Oniguruma as insides of JavaScript classes (v flag), each checked against the original's members. */
import { casesOf, foldsToSeveral } from "./case-folding.js";

/** Why a pattern cannot be translated. The caller knows the file and makes the typed error. */
export class UnsupportedPattern extends Error {}

export type Folding = "exact" | "anyCase";

const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
/** Outside of classes Oniguruma asks its Latin-1 table, which calls these six digits and fractions words as well. */
const LATIN_1_WORDS = "²³¹¼½¾";

/** Names that JavaScript lacks or understands differently. Everything else is a general category, script or property. */
const SETS: Readonly<Record<string, string>> = {
  word: WORD,
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

/** The set of that name, as members of a class. Spaces, hyphens, underscores and case in names do not count. */
export function namedSet(name: string, inverted: boolean, place: "alone" | "inClass"): string {
  const plain = name.replace(/[ _-]/g, "").toLowerCase();
  const posix = /^\[:(\w+):\]$/.exec(plain)?.[1] ?? plain;
  const key = [plain, posix].find((each) => Object.hasOwn(SETS, each));
  if (key !== undefined) {
    const members = SETS[key]! + (key === "word" && place === "alone" ? LATIN_1_WORDS : "");
    return inverted ? `[^${members}]` : members;
  }
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
  const cases = new Set<string>();
  for (let code = first; code <= last; code++) {
    const letter = String.fromCodePoint(code);
    if (foldsToSeveral(letter))
      throw new UnsupportedPattern(`${letter}, which folds to several letters, within (?i:…)`);
    for (const other of casesOf(letter)) if (other < low || other > high) cases.add(other);
  }
  return range + [...cases].map(literal).join("");
}

/** One character as itself, inside or outside a class. */
export function literal(character: string): string {
  return /^[\p{L}\p{N}]$/u.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
