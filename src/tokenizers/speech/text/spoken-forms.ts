/**
 * English text as it is said: numbers, dates, times, money, units, abbreviations and signs in words. One row per form; at each place of
 * the text the first row that fits is taken.
 */
import { toCardinal, toOrdinal } from "n2words/en-US";

/** A stretch of the text and what is said for it. */
export interface SpokenForm {
  /** As it stands in the text. */
  readonly text: string;
  /** Words of the letters a to z and '; letters that are spelled are marked by a dot each, such as "u.s.a."; "," is a pause. */
  readonly said: readonly string[];
}

interface Row {
  readonly pattern: RegExp;
  say(match: RegExpExecArray): string;
}

const row = (pattern: RegExp, say: (match: RegExpExecArray) => string): Row => ({
  pattern: new RegExp(pattern.source, `${pattern.flags}y`),
  say,
});

const NUMBER = String.raw`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?`;

/** A number of digits, with commas and a point or without. */
function cardinal(digits: string): string {
  const [whole, part] = digits.replaceAll(",", "").split(".") as [string, string?];
  const long = whole.length > 15 || (whole.length > 1 && whole.startsWith("0"));
  const front = long ? oneByOne(whole) : toCardinal(Number(whole));
  return part === undefined ? front : `${front} point ${oneByOne(part)}`;
}

const oneByOne = (digits: string): string => [...digits].map((digit) => toCardinal(Number(digit))).join(" ");

/** 1100 to 2099 as years are said. */
function year(digits: string): string {
  const [century, rest] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (digits.length !== 4 || (century === 20 && rest < 10)) return toCardinal(Number(digits));
  if (rest === 0) return `${toCardinal(century)} hundred`;
  return `${toCardinal(century)} ${rest < 10 ? "oh " : ""}${toCardinal(rest)}`;
}

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const MONTH = String.raw`jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`;
const monthNamed = (name: string): string => MONTHS.find((month) => month.startsWith(name.toLowerCase().slice(0, 3)))!;

const MONEY: Readonly<Record<string, readonly [one: string, many: string, part: string]>> = {
  $: ["dollar", "dollars", "cent"],
  "€": ["euro", "euros", "cent"],
  "£": ["pound", "pounds", "penny"],
  "¥": ["yen", "yen", "sen"],
};

const several = (count: string, one: string, many = `${one}s`): string =>
  `${cardinal(count)} ${count === "1" ? one : many}`;

function money(sign: string, amount: string, scale: string | undefined): string {
  const [one, many, part] = MONEY[sign]!;
  if (scale) return `${cardinal(amount)} ${scale} ${many}`;
  const [whole, cents] = amount.split(".") as [string, string?];
  if (cents?.length !== 2) return several(amount, one, many);
  const parts = cents === "00" ? "" : several(String(Number(cents)), part, part === "penny" ? "pence" : undefined);
  if (Number(whole) === 0 && parts) return parts;
  return `${several(whole, one, many)}${parts ? ` and ${parts}` : ""}`;
}

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = Object.fromEntries(
  [
    ["km/h", "kilometer an hour", "kilometers an hour"],
    ["mph", "mile an hour", "miles an hour"],
    ["°C", "degree celsius", "degrees celsius"],
    ["°F", "degree fahrenheit", "degrees fahrenheit"],
    ["°", "degree", "degrees"],
    ["%", "percent", "percent"],
    ...["k", "m", "g", "t"].flatMap((p, i) => {
      const prefix = ["kilo", "mega", "giga", "tera"][i]!;
      const sign = p.toUpperCase();
      return [
        [`${sign}B`, `${prefix}byte`, `${prefix}bytes`],
        [`${p === "k" ? "k" : sign}Hz`, `${prefix}hertz`, `${prefix}hertz`],
      ];
    }),
    ["kB", "kilobyte", "kilobytes"],
    ["Hz", "hertz", "hertz"],
    ["km", "kilometer", "kilometers"],
    ["cm", "centimeter", "centimeters"],
    ["mm", "millimeter", "millimeters"],
    ["kg", "kilogram", "kilograms"],
    ["mg", "milligram", "milligrams"],
    ["ml", "milliliter", "milliliters"],
    ["ms", "millisecond", "milliseconds"],
    ["min", "minute", "minutes"],
    ["px", "pixel", "pixels"],
    ["lb", "pound", "pounds"],
    ["oz", "ounce", "ounces"],
    ["ft", "foot", "feet"],
    ["m", "meter", "meters"],
    ["g", "gram", "grams"],
    ["l", "liter", "liters"],
    ["s", "second", "seconds"],
    ["h", "hour", "hours"],
  ].map(([sign, one, many]) => [sign!, [one!, many!]]),
);
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const UNIT = Object.keys(UNITS).map(escaped).join("|");

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  ...{
    mr: "mister",
    mrs: "missus",
    ms: "miz",
    dr: "doctor",
    prof: "professor",
    st: "saint",
    jr: "junior",
    sr: "senior",
  },
  ...{ vs: "versus", etc: "et cetera", "e.g": "for example", "i.e": "that is", approx: "approximately", no: "number" },
  ...{
    gen: "general",
    col: "colonel",
    capt: "captain",
    lt: "lieutenant",
    rev: "reverend",
    fig: "figure",
    vol: "volume",
  },
};
const ABBREVIATION = Object.keys(ABBREVIATIONS).map(escaped).join("|");

const SIGNS: Readonly<Record<string, string>> = {
  ...{
    "&": "and",
    "+": "plus",
    "=": "equals",
    "@": "at",
    "#": "number",
    "%": "percent",
    "×": "times",
    "÷": "divided by",
  },
  ...{
    "°": "degrees",
    "<": "less than",
    ">": "greater than",
    "~": "about",
    "*": "star",
    $: "dollars",
    "€": "euros",
    "£": "pounds",
  },
};

const spelled = (letters: string): string => [...letters.toLowerCase()].map((letter) => `${letter}.`).join(" ");

/** A link or an address, its signs by their names. */
const address = (text: string): string =>
  text
    .replace(/^https?:\/\/(?:www\.)?/i, "")
    .replace(/\/$/, "")
    .replace(
      /[.@/_:?=&#%+~-]|\d+/g,
      (found) => ` ${ADDRESS_SIGNS[found] ?? (/\d/.test(found) ? oneByOne(found) : "")} `,
    );
const ADDRESS_SIGNS: Readonly<Record<string, string>> = {
  ...{ ".": "dot", "@": "at", "/": "slash", _: "underscore", ":": "colon", "?": "question mark", "=": "equals" },
  ...{ "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde", "-": "dash" },
};

const ROWS: readonly Row[] = [
  row(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/i, ([text]) => address(text)),
  row(
    /(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b/,
    ([, y, m, d]) => `${MONTHS[Number(m) - 1]} ${toOrdinal(Number(d))} , ${year(y!)}`,
  ),
  row(
    new RegExp(String.raw`\b(${MONTH})\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?\b`, "i"),
    ([, m, d, y]) => `${monthNamed(m!)} ${toOrdinal(Number(d))}${y ? ` , ${year(y)}` : ""}`,
  ),
  row(
    new RegExp(String.raw`\b(\d{1,2}) (${MONTH})\b\.?(?: (\d{4}))?`, "i"),
    ([, d, m, y]) => `${monthNamed(m!)} ${toOrdinal(Number(d))}${y ? ` , ${year(y)}` : ""}`,
  ),
  row(/\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?: ?([ap])\.?m\b\.?)?/i, ([, h, m, half]) => {
    const minutes =
      m === "00" ? (half ? "" : "o'clock") : Number(m) < 10 ? `oh ${toCardinal(Number(m))}` : toCardinal(Number(m));
    return `${toCardinal(Number(h))} ${minutes} ${half ? spelled(`${half}m`) : ""}`;
  }),
  row(/\b(\d{1,2}) ?([ap])\.?m\b\.?/i, ([, h, half]) => `${toCardinal(Number(h))} ${spelled(`${half}m`)}`),
  row(
    new RegExp(String.raw`([$€£¥]) ?(${NUMBER})(?: (thousand|million|billion|trillion))?`, "i"),
    ([, sign, amount, scale]) => money(sign!, amount!, scale),
  ),
  row(
    /\b(1[1-9]|20)(\d)0s\b/,
    ([, century, decade]) =>
      `${toCardinal(Number(century))} ${decade === "0" ? "hundreds" : toCardinal(Number(`${decade}0`)).replace(/y$/, "ies")}`,
  ),
  row(
    new RegExp(String.raw`([-−]?)(?:(${NUMBER}) ?[–—-] ?)?(${NUMBER}) ?(${UNIT})(?![\p{L}\d])`, "u"),
    ([, sign, from, n, unit]) =>
      `${sign ? "minus " : ""}${from ? `${cardinal(from)} to ` : ""}${several(n!, ...UNITS[unit!]!)}`,
  ),
  row(/\b(\d+)(?:st|nd|rd|th)\b/i, ([, n]) => (n!.length > 15 ? oneByOne(n!) : toOrdinal(Number(n)))),
  row(/\b(\d+)\/(\d+)\b/, ([, a, b]) =>
    b === "2" ? (a === "1" ? "one half" : `${cardinal(a!)} halves`) : `${cardinal(a!)} over ${cardinal(b!)}`,
  ),
  row(/\b(\d+)\s?[–—-]\s?(\d+)\b/, ([, a, b]) => `${cardinal(a!)} to ${cardinal(b!)}`),
  row(/\b(?:1[1-9]|20)\d\d\b(?![\d,.]\d)/, ([text]) => year(text)),
  row(/\b\d+(?:\.\d+){2,}\b/, ([text]) => text.split(".").map(cardinal).join(" point ")),
  row(new RegExp(String.raw`[-−](${NUMBER})`), ([, n]) => `minus ${cardinal(n!)}`),
  row(new RegExp(NUMBER), ([n]) => cardinal(n)),
  row(new RegExp(String.raw`\b(${ABBREVIATION})\.(?=\s|$)`, "i"), ([, short]) => ABBREVIATIONS[short!.toLowerCase()]!),
  row(/\b(?:[A-Za-z]\.){2,}/, ([text]) => spelled(text.replaceAll(".", ""))),
  // Capitals that no word is made of, and those so short that they mostly are initials.
  row(
    /\b(?:[B-DF-HJ-NP-TV-XZ]{2,6}|[A-Z]{2,3})(s?)\b(?!['’]?[a-z])/,
    ([text]) => spelled(text.replace(/s$/, "")) + (text.endsWith("s") ? " s." : ""),
  ),
  row(/[\p{L}\p{M}]+(?:['’][\p{L}]+)*/u, ([text]) => plain(text)),
  row(/\s*(?:[,;:()[\]{}"“”]|\s-{1,2}\s|[–—]|--|\.{3}|…)+\s*/, () => ","),
  row(new RegExp(Object.keys(SIGNS).map(escaped).join("|")), ([sign]) => SIGNS[sign]!),
];

/** The letters a to z and ' of a word; accents are left out, and of other scripts nothing is left. */
const plain = (word: string): string =>
  word
    .normalize("NFKD")
    .replaceAll("’", "'")
    .replace(/[æÆ]/g, "ae")
    .replace(/[øØ]/g, "o")
    .replace(/ß/g, "ss")
    .toLowerCase()
    .replace(/[^a-z']/g, "");

/** What is said for each stretch of a sentence, and the characters for which nothing is said: emoji, and letters of other scripts. */
export function spokenForms(sentence: string): { readonly forms: readonly SpokenForm[]; readonly left: string } {
  const forms: SpokenForm[] = [];
  let left = "";
  for (let at = 0; at < sentence.length; ) {
    const found = firstRow(sentence, at);
    if (!found) {
      const character = String.fromCodePoint(sentence.codePointAt(at)!);
      if (/[\p{N}\p{Extended_Pictographic}]/u.test(character)) left += character;
      at += character.length;
      continue;
    }
    const said = found.say
      .replaceAll("-", " ")
      .split(/\s+/)
      .filter((word) => word !== "");
    if (said.length > 0) forms.push({ text: found.text.trim(), said });
    else left += found.text;
    at += found.text.length;
  }
  return { forms, left };
}

function firstRow(sentence: string, at: number): { readonly text: string; readonly say: string } | null {
  for (const { pattern, say } of ROWS) {
    pattern.lastIndex = at;
    const match = pattern.exec(sentence);
    if (match && match[0].length > 0) return { text: match[0], say: say(match) };
  }
  return null;
}
