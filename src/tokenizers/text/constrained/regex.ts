/**
 * Regular expressions in JavaScript's notation as languages: the whole text must match, and what finds but does not describe
 * texts (look-around, back-references, word boundaries) is refused.
 */
import { ConstraintError } from "../../../base/errors.js";
import { ALL, type CharacterSet, characters, common, complement, type Range, setOf } from "./characters.js";
import type { Expression, Expressions } from "./expression.js";

const LINE_ENDS: CharacterSet = [[0x0a, 0x0a]];
const DIGITS: CharacterSet = [[0x30, 0x39]];
const WORD: CharacterSet = setOf([...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]);
const SPACE: CharacterSet = setOf([
  [0x09, 0x0d],
  [0x20, 0x20],
]);

/** Sets with a name; all of ASCII, with their complements over all of Unicode. */
const CLASSES: Readonly<Record<string, CharacterSet>> = {
  ...{ d: DIGITS, w: WORD, s: SPACE },
  ...{ D: complement(DIGITS), W: complement(WORD), S: complement(SPACE) },
};
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, f: 0x0c, v: 0x0b, "0": 0 };

/** The largest count in {m,n}. */
const MOST_TIMES = 10_000;
const DEEPEST = 200;

export interface RegexSettings {
  /** Characters that may occur at all. */
  readonly within: CharacterSet;
  /** Whether . means line ends, too. */
  readonly dotAll: boolean;
}

/** The language of `source`. Throws ConstraintError for what is no expression, or none that describes texts. */
export function regexExpression(
  of: Expressions,
  source: string,
  { within, dotAll }: RegexSettings = { within: ALL, dotAll: false },
): Expression {
  const letters = [...source];
  let at = 0;
  let depth = 0;

  const fail = (
    problem: string,
    remedy = "Write it in the part of JavaScript's notation that describes whole texts.",
  ): never => {
    throw new ConstraintError(
      `The expression /${source.length > 80 ? `${source.slice(0, 80)}…` : source}/ ${problem} at character ${at}.`,
      remedy,
    );
  };
  const oneOf = (set: CharacterSet) => characters(of, common(set, within));
  const single = (codePoint: number): CharacterSet => [[codePoint, codePoint]];

  const alternatives = (): Expression => {
    if (++depth > DEEPEST) fail("is nested too deeply");
    const parts = [branch()];
    while (letters[at] === "|") {
      at++;
      parts.push(branch());
    }
    depth--;
    return of.choice(...parts);
  };

  const branch = (): Expression => {
    const parts: Expression[] = [];
    while (at < letters.length && letters[at] !== "|" && letters[at] !== ")") parts.push(repeated(atom()));
    return of.sequence(...parts);
  };

  const repeated = (part: Expression): Expression => {
    let out = part;
    for (;;) {
      const sign = letters[at];
      if (sign === "*") out = of.repeat(out, 0, Number.POSITIVE_INFINITY);
      else if (sign === "+") out = of.repeat(out, 1, Number.POSITIVE_INFINITY);
      else if (sign === "?") out = of.optional(out);
      else if (sign === "{") {
        const [text, from, comma, to] = /^\{(\d+)(,)?(\d*)\}/.exec(source.slice(offset(at))) ?? [];
        if (!text) return fail("has a { that begins no count", "Write \\{ for the character itself.");
        at += text.length - 1;
        const least = Number(from);
        const most = !comma ? least : to === "" ? Number.POSITIVE_INFINITY : Number(to);
        if (least > most || least > MOST_TIMES || (most > MOST_TIMES && most !== Number.POSITIVE_INFINITY))
          fail(`counts from ${least} to ${most}`, `Count upwards, to at most ${MOST_TIMES}.`);
        out = of.repeat(out, least, most);
      } else return out;
      at++;
      if (letters[at] === "?") at++; // a lazy count finds other matches, but describes the same texts
    }
  };

  const offset = (index: number) => letters.slice(0, index).join("").length;

  const atom = (): Expression => {
    const letter = letters[at++]!;
    switch (letter) {
      case "(": {
        if (letters[at] === "?") {
          const [opening] = /^\?(?::|<[A-Za-z_$][\w$]*>)/.exec(source.slice(offset(at), offset(at) + 100)) ?? [];
          if (!opening) return fail("looks ahead or behind, or has flags within");
          at += opening.length;
        }
        const inner = alternatives();
        if (letters[at++] !== ")") fail("has a ( without its )");
        return inner;
      }
      case "[":
        return oneOf(characterClass());
      case ".":
        return oneOf(dotAll ? ALL : complement(LINE_ENDS));
      case "^":
        return at === 1 ? of.empty : fail("has a ^ that is not its beginning");
      case "$":
        return at === letters.length ? of.empty : fail("has a $ that is not its end");
      case "*":
      case "+":
      case "?":
      case "{":
        return fail(`repeats nothing with ${letter}`, `Write \\${letter} for the character itself.`);
      case "\\":
        return oneOf(escaped());
      default:
        return oneOf(single(letter.codePointAt(0)!));
    }
  };

  const escaped = (): CharacterSet => {
    const letter = letters[at++];
    if (letter === undefined) return fail("ends with a \\");
    if (Object.hasOwn(CLASSES, letter)) return CLASSES[letter]!;
    if (Object.hasOwn(CONTROLS, letter)) return single(CONTROLS[letter]!);
    if (letter === "x" || letter === "u") {
      const [text, braced, plain] =
        /^(?:\{([\da-fA-F]{1,6})\}|([\da-fA-F]{2}(?:[\da-fA-F]{2})?))/.exec(source.slice(offset(at), offset(at) + 8)) ??
        [];
      const digits = letter === "x" ? plain?.slice(0, 2) : (braced ?? (plain?.length === 4 ? plain : undefined));
      const codePoint = Number.parseInt(digits ?? "", 16);
      if (!text || !(codePoint <= 0x10ffff)) return fail(`has a \\${letter} that names no character`);
      at += letter === "x" ? 2 : text.length;
      return single(codePoint);
    }
    if (/[A-Za-z0-9]/.test(letter)) return fail(`has \\${letter}, which describes no characters`);
    return single(letter.codePointAt(0)!);
  };

  const characterClass = (): CharacterSet => {
    const negated = letters[at] === "^";
    if (negated) at++;
    const ranges: Range[] = [];
    const member = (): CharacterSet => {
      const letter = letters[at++];
      if (letter === undefined) return fail("has a [ without its ]");
      if (letter !== "\\") return single(letter.codePointAt(0)!);
      if (letters[at] !== "b") return escaped();
      at++;
      return single(0x08); // what \b means within a class
    };
    while (letters[at] !== "]") {
      const set = member();
      if (letters[at] !== "-" || letters[at + 1] === "]") {
        ranges.push(...set);
        continue;
      }
      at++;
      const end = member();
      const [first, last] = [set[0]![0], end[0]![0]];
      if (set.length > 1 || end.length > 1 || set[0]![1] !== first || end[0]![1] !== last || first > last)
        fail("has a range that does not go from a character to a later one");
      ranges.push([first, last]);
    }
    at++;
    return negated ? complement(setOf(ranges)) : setOf(ranges);
  };

  const expression = alternatives();
  if (at < letters.length) fail("has a ) without its (");
  return expression;
}
