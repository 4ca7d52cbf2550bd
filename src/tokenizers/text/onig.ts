/**
 * Regular expressions of tokenizer files are written for Oniguruma (its default, Ruby-like syntax). This translates one into a
 * JavaScript expression with the v flag and the same matches, or refuses it by the name of what is not supported.
 *
 *   Oniguruma                        JavaScript
 *   \s \d \w \h, [[:alpha:]], \p{}   the same Unicode sets, spelled out (JavaScript's own \s \d \w differ)
 *   (?i:…), (?i)                     each letter and range with its other cases; properties are not folded (as in Oniguruma)
 *   X++, X*+, X?+, (?>X)             lookahead and back reference: (?=(?<a1>X+))\k<a1>, which never gives back
 *   ^ $ \A \z \Z                     lookarounds: ^ and $ stand at line feeds only
 *   (?m:…), (?x:…)                   the dot takes line feeds; white space and # comments are dropped
 *   {n}?                             optional X{n}, not lazy
 */
import { type Folding, foldedRange, literal, namedSet, UnsupportedPattern } from "./onig-sets.js";

interface Mode {
  readonly folding: Folding;
  readonly dotAll: boolean;
  readonly extended: boolean;
}

const LINE_FEED = "\\n";
const START = "(?<![\\s\\S])";
const END = "(?![\\s\\S])";
const WORD = `[${namedSet("word", false, "alone")}]`;
const CONTROLS: Readonly<Record<string, string>> = {
  t: "\t",
  n: "\n",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\x07",
  e: "\x1b",
};
const SETS: Readonly<Record<string, string>> = { s: "space", d: "digit", w: "word", h: "xdigit" };
const ASSERTIONS: Readonly<Record<string, string>> = {
  b: `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`,
  B: `(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`,
  A: START,
  z: END,
  Z: `(?=${LINE_FEED}?${END})`,
};

/** The global JavaScript expression with the matches of the Oniguruma pattern. Throws UnsupportedPattern. */
export function translateOnig(pattern: string): RegExp {
  const source = new Translation(pattern).whole();
  try {
    return new RegExp(source, "gv");
  } catch (error) {
    throw new UnsupportedPattern(`a combination that JavaScript refuses (${(error as Error).message})`);
  }
}

class Translation {
  private readonly characters: readonly string[];
  private readonly keepsGroups: boolean;
  private position = 0;
  private groups = 0;
  private atomics = 0;
  private depth = 0;

  constructor(pattern: string) {
    this.characters = [...pattern];
    this.keepsGroups = /\\[1-9]|\\k/.test(pattern);
  }

  whole(): string {
    const source = this.alternatives({ folding: "exact", dotAll: false, extended: false });
    if (this.position < this.characters.length) throw new UnsupportedPattern("an unmatched )");
    return source;
  }

  private peek(offset = 0): string | undefined {
    return this.characters[this.position + offset];
  }

  private take(): string {
    const character = this.characters[this.position++];
    if (character === undefined) throw new UnsupportedPattern("an unfinished pattern");
    return character;
  }

  private accept(text: string): boolean {
    if (this.characters.slice(this.position, this.position + text.length).join("") !== text) return false;
    this.position += text.length;
    return true;
  }

  /** The text up to `end`, which is taken as well. */
  private until(end: string): string {
    let text = "";
    for (let character = this.take(); character !== end; character = this.take()) text += character;
    return text;
  }

  private alternatives(mode: Mode): string {
    if (++this.depth > 100) throw new UnsupportedPattern("groups nested more than 100 deep");
    let source = "";
    for (let next = this.peek(); next !== undefined && next !== ")"; next = this.peek()) {
      if (next === "|") source += this.take();
      else if (mode.extended && /\s/.test(next)) this.position++;
      else if (mode.extended && next === "#") while (this.peek() !== undefined && this.peek() !== "\n") this.position++;
      else source += this.repeated(mode);
    }
    this.depth--;
    return source;
  }

  /** An atom and its quantifiers. */
  private repeated(mode: Mode): string {
    let source = this.atom(mode);
    for (let range = this.quantifier(); range !== null; range = this.quantifier()) {
      const fixed = /^\{\d+\}$/.test(range);
      if (this.accept("?")) source = fixed ? `(?:(?:${source})${range})?` : `(?:${source})${range}?`;
      else if (!range.startsWith("{") && this.accept("+")) source = this.atomic(`(?:${source})${range}`);
      else source = `(?:${source})${range}`;
    }
    return source;
  }

  private quantifier(): string | null {
    const next = this.peek();
    if (next === "?" || next === "*" || next === "+") return this.take();
    if (next !== "{") return null;
    const interval = /^\{(\d{0,6})(,?)(\d{0,6})\}/.exec(
      this.characters.slice(this.position, this.position + 16).join(""),
    );
    const [whole, low = "", comma, high = ""] = interval ?? [];
    if (whole === undefined || (low === "" && high === "")) return null; // then the brace stands for itself
    this.position += whole.length;
    return comma === "" ? `{${low}}` : `{${low || 0},${high}}`;
  }

  /** Takes what `source` matches first and never gives it back. */
  private atomic(source: string): string {
    const name = `a${++this.atomics}`;
    return `(?=(?<${name}>${source}))\\k<${name}>`;
  }

  private atom(mode: Mode): string {
    const character = this.take();
    switch (character) {
      case "(":
        return this.group(mode);
      case "[":
        return this.charClass(mode);
      case ".":
        return mode.dotAll ? "[\\s\\S]" : `[^${LINE_FEED}]`;
      case "^":
        return `(?:${START}|(?<=${LINE_FEED})(?=[\\s\\S]))`;
      case "$":
        return `(?![^${LINE_FEED}])`;
      case "\\":
        return this.escape(mode);
      case "?":
      case "*":
      case "+":
        throw new UnsupportedPattern(`${character} with nothing to repeat`);
      default:
        return `[${foldedRange(character, character, mode.folding)}]`;
    }
  }

  private group(mode: Mode): string {
    if (this.accept("?#")) {
      this.until(")");
      return "(?:)";
    }
    for (const opening of ["?:", "?=", "?!", "?<=", "?<!"]) {
      if (this.accept(opening))
        return opening === "?:" ? this.closed("(?:", mode) : `(?:${this.closed(`(${opening}`, mode)})`;
    }
    if (this.accept("?>")) return this.atomic(this.closed("(?:", mode));
    if (this.accept("?<")) return this.closed(this.opening(`g_${this.until(">")}`), mode);
    if (this.accept("?'")) return this.closed(this.opening(`g_${this.until("'")}`), mode);
    if (!this.accept("?")) return this.closed(this.opening(`g${++this.groups}`), mode);

    let changed = mode;
    let on = true;
    for (let letter = this.take(); ; letter = this.take()) {
      if (letter === "-") on = false;
      else if (letter === "i") changed = { ...changed, folding: on ? "anyCase" : "exact" };
      else if (letter === "m") changed = { ...changed, dotAll: on };
      else if (letter === "x") changed = { ...changed, extended: on };
      else if (letter === ":") return this.closed("(?:", changed);
      // (?i) alone rules to the end of the group around it, alternatives included; that group takes the bracket
      else if (letter === ")") return `(?:${this.alternatives(changed)})`;
      else throw new UnsupportedPattern(`the group (?${letter}`);
    }
  }

  private opening(name: string): string {
    if (!/^\w+$/.test(name)) throw new UnsupportedPattern("a group name with signs in it");
    return this.keepsGroups ? `(?<${name}>` : "(?:";
  }

  private closed(opening: string, mode: Mode): string {
    const source = opening + this.alternatives(mode);
    if (!this.accept(")")) throw new UnsupportedPattern("an unmatched (");
    return `${source})`;
  }

  private escape(mode: Mode): string {
    const letter = this.peek()!;
    if (letter in ASSERTIONS) return ASSERTIONS[this.take()]!;
    if (this.accept("R")) return "(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])";
    if (this.accept("k<")) return `\\k<${this.reference(this.until(">"))}>`;
    if (/[1-9]/.test(letter ?? "")) {
      let digits = this.take();
      while (/\d/.test(this.peek() ?? "")) digits += this.take();
      return `\\k<${this.reference(digits)}>`;
    }
    const set = this.escapedSet("alone");
    if (set !== null) return `[${set}]`;
    const character = this.escapedCharacter();
    return `[${foldedRange(character, character, mode.folding)}]`;
  }

  private reference(name: string): string {
    if (!/^\w+$/.test(name)) throw new UnsupportedPattern(`the back reference ${name}`);
    return /^\d+$/.test(name) ? `g${name}` : `g_${name}`;
  }

  /** After a backslash: \s \P{Lu} …, as the inside of a class; null if a character is meant. */
  private escapedSet(place: "alone" | "inClass"): string | null {
    const letter = this.peek() ?? "";
    const name = SETS[letter.toLowerCase()];
    if (name !== undefined) {
      this.position++;
      return namedSet(name, letter !== letter.toLowerCase(), place);
    }
    if (letter !== "p" && letter !== "P") return null;
    this.position++;
    if (!this.accept("{")) throw new UnsupportedPattern(`\\${letter} without braces`);
    const inverted = this.accept("^");
    return namedSet(this.until("}"), inverted !== (letter === "P"), place);
  }

  /** After a backslash: the one character that is meant. */
  private escapedCharacter(): string {
    const letter = this.take();
    if (letter in CONTROLS) return CONTROLS[letter]!;
    if (letter === "u") return this.codePoint(this.hexadecimal(4, 4));
    if (letter === "x") return this.codePoint(this.accept("{") ? this.until("}") : this.hexadecimal(1, 2));
    if (letter === "0") return "\0";
    if (/[A-Za-z0-9]/.test(letter)) throw new UnsupportedPattern(`\\${letter}`);
    return letter;
  }

  private hexadecimal(least: number, most: number): string {
    let digits = "";
    while (digits.length < most && /[0-9a-fA-F]/.test(this.peek() ?? "")) digits += this.take();
    if (digits.length < least) throw new UnsupportedPattern("an unfinished \\x or \\u");
    return digits;
  }

  private codePoint(digits: string): string {
    const value = Number.parseInt(digits, 16);
    if (!/^[0-9a-fA-F]+$/.test(digits) || value > 0x10ffff) throw new UnsupportedPattern(`the code point ${digits}`);
    return String.fromCodePoint(value);
  }

  /** After "[": single characters, ranges, sets, classes within classes, and && between them (which binds loosest). */
  private charClass(mode: Mode): string {
    if (++this.depth > 100) throw new UnsupportedPattern("classes nested more than 100 deep");
    const inverted = this.accept("^");
    const sides: string[] = [];
    let members = this.peek() === "]" ? literal(this.take()) : ""; // a bracket that comes first stands for itself
    while (!this.accept("]")) {
      if (this.accept("&&")) {
        sides.push(`[${members}]`);
        members = "";
      } else if (this.accept("[:")) {
        const negative = this.accept("^");
        members += namedSet(`[:${this.until(":")}:]`, negative, "inClass");
        if (!this.accept("]")) throw new UnsupportedPattern("an unfinished [: :]");
      } else if (this.accept("[")) {
        members += this.charClass(mode);
      } else {
        members += this.classMember(mode.folding);
      }
    }
    this.depth--;
    const inside = sides.length === 0 ? members : [...sides, `[${members}]`].join("&&");
    return `[${inverted ? "^" : ""}${inside}]`;
  }

  private classMember(folding: Folding): string {
    let low = this.take();
    if (low === "\\") {
      const set = this.escapedSet("inClass");
      if (set !== null) return set;
      low = this.escapedInClass();
    }
    if (this.peek() !== "-" || this.peek(1) === "]" || this.peek(1) === undefined)
      return foldedRange(low, low, folding);
    this.position++;
    let high = this.take();
    if (high === "[") throw new UnsupportedPattern("a range that ends in a class");
    if (high === "\\") {
      if (/[sdwhpP]/i.test(this.peek() ?? "")) throw new UnsupportedPattern("a range that ends in a set");
      high = this.escapedInClass();
    }
    if (high.codePointAt(0)! < low.codePointAt(0)!) throw new UnsupportedPattern(`the empty range ${low}-${high}`);
    return foldedRange(low, high, folding);
  }

  private escapedInClass(): string {
    return this.accept("b") ? "\b" : this.escapedCharacter();
  }
}
