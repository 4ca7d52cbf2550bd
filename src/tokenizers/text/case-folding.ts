/** Which characters are the same letter in another case: the one-to-one foldings of Unicode, derived from its case mappings. */

/** ı and İ fold to nothing but themselves outside of Turkish, although their upper and lower cases are I and i. */
const LONERS = new Set(["ı", "İ"]);

let families: ReadonlyMap<string, readonly string[]> | null = null;

/** The letter in all its cases, itself included: k gives k, K and the Kelvin sign; σ gives σ, ς and Σ. */
export function casesOf(letter: string): readonly string[] {
  families ??= findFamilies();
  return families.get(letter) ?? [letter];
}

/** Whether a folding of this letter has more than one character, as ß and ss. */
export const foldsToSeveral = (letter: string): boolean => [...letter.toUpperCase()].length > 1;

/** About 3,000 letters, 10 ms, once. */
function findFamilies(): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, string[]>();
  for (let code = 0; code < 0x1f000; code++) {
    const letter = String.fromCodePoint(code);
    if (LONERS.has(letter) || (letter.toLowerCase() === letter && letter.toUpperCase() === letter)) continue;
    const upper = letter.toUpperCase();
    const lower = ([...upper].length === 1 ? upper : letter).toLowerCase();
    byKey.set(lower, [...(byKey.get(lower) ?? []), letter]);
  }
  return new Map([...byKey.values()].flatMap((family) => family.map((letter) => [letter, family] as const)));
}
