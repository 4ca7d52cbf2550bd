/**
 * Captions as models on T5 were trained with them: DeepFloyd IF's cleaning, which PixArt, LlamaGen and NAR took over, and apply twice. It
 * takes out what web captions carry besides words. The authors also repair text in a wrong encoding (ftfy), which is not done here.
 */

/** Of a letter, digit or underscore, as Python's expressions see it; inside of brackets. */
const W = "\\p{L}\\p{N}_";
const EDGE = `(?:(?<=[${W}])(?![${W}])|(?<![${W}])(?=[${W}]))`;

/** What is replaced by what, in this order. */
type Rule = readonly [pattern: RegExp, by: string];

const rule = (pattern: string, by = ""): Rule => [
  new RegExp(pattern.replaceAll("\\b", EDGE).replaceAll("\\w", W).replaceAll("\\d", "\\p{Nd}"), "gu"),
  by,
];

const DOMAIN = "[a-zA-Z0-9.\\-]+[.](?:com|co|ru|net|org|edu|gov|it)[\\w/\\-]*\\b/?(?!@)";
const FILE_TYPES = "(?:png|jpg|jpeg|bmp|webp|eps|pdf|apk|mp4)";

const ADDRESSES: readonly Rule[] = [
  rule("<person>", "person"),
  rule(`\\b(?:https?:(?:/{1,3}|[a-zA-Z0-9%])|${DOMAIN})`),
  rule(`\\b(?:www:(?:/{1,3}|[a-zA-Z0-9%])|${DOMAIN})`),
];

const SIGNS: readonly Rule[] = [
  rule("@[\\w]+\\b"), // names of people
  rule("[\u31c0-\u9fff]+"), // Chinese characters, and the blocks before them
  rule(
    "[\\-\u058a\u05be\u1400\u1806\u2010-\u2015\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u301c\u3030\u30a0\ufe31\ufe32\ufe58\ufe63\uff0d]+",
    "-",
  ),
  rule("[`´«»“”¨]", '"'),
  rule("[‘’]", "'"),
  rule("&quot;?"),
  rule("&amp"),
  rule("\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}", " "), // addresses of machines
  rule("\\d:\\d\\d\\s+$"), // numbers of articles
  rule("\\\\n", " "), // a line's end that was spelt out
  ...["#\\d{1,3}\\b", "#\\d{5,}\\b", "\\b\\d{6,}\\b"].map((pattern) => rule(pattern)),
  rule(`\\S+\\.${FILE_TYPES}`),
  rule("[\"']{2,}", '"'),
  rule("\\.{2,}", " "),
  rule("[#®•©™&@·º½¾¿¡§~)(\\]\\[\\}\\{\\|\\\\/*]+", " "),
  rule("\\s+\\.\\s+", " "),
];

/** More hyphens and underscores than this are taken for spaces. */
const MOST_HYPHENS = 3;

const WORDS: readonly Rule[] = [
  ...["\\b[a-zA-Z]{1,3}\\d{3,15}\\b", "\\b[a-zA-Z]+\\d+[a-zA-Z]+\\b", "\\b\\d+[a-zA-Z]+\\d+\\b"].map((id) => rule(id)),
  rule("(?:worldwide\\s+)?(?:free\\s+)?shipping"),
  rule("(?:free\\s)?download(?:\\sfree)?"),
  rule("\\bclick\\b\\s(?:for|on)\\s[\\w]+"),
  rule(`\\b${FILE_TYPES}(?:\\simages?)?`),
  rule("\\bpage\\s+\\d+\\b"),
  rule("\\b\\d*[a-zA-Z]+\\d+[a-zA-Z]+\\d+[a-zA-Z\\d]*\\b", " "),
  rule("\\b\\d+\\.?\\d*[x\u0445×]\\d+\\.?\\d*\\b"), // measures; the second letter is Cyrillic
  rule("\\b\\s+:\\s+", ": "),
  rule("([^\\d][,./])\\b", "$1 "),
  rule("\\s+", " "),
];

const ENDS: readonly Rule[] = [
  rule("^[\"']([^]+)[\"']$", "$1"),
  rule("^['_,\\-:;]"),
  rule("['_,\\-:+]$"),
  rule("^\\.\\S+$"),
];

const MARKUP: readonly Rule[] = [rule("<!--[^]*?(?:-->|$)"), rule("<[/a-zA-Z!?][^>]*>")];

const NAMED: Readonly<Record<string, string>> = {
  ...{ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" },
};

/** Characters of a caption that are read: far more than any encoder has tokens for. */
const MOST_CHARACTERS = 10_000;

/** Half of a character, where one was cut in two. */
const HALF = /[\ud800-\udbff]$/;

/** A caption as T5 is shown it: lower case, without addresses, markup, numbers of articles and the like. What is beyond 10,000 characters is left out. */
export function cleanCaption(caption: string): string {
  const read = caption.length > MOST_CHARACTERS ? caption.slice(0, MOST_CHARACTERS).replace(HALF, "") : caption;
  return cleaned(cleaned(read));
}

function cleaned(caption: string): string {
  let text = apply(ADDRESSES, unquoted(caption).trim().toLowerCase());
  text = apply(SIGNS, unescaped(apply(MARKUP, text)));
  if ((text.match(/[-_]/g)?.length ?? 0) > MOST_HYPHENS) text = text.replace(/[-_]/g, " ");
  text = unescaped(unescaped(text.normalize("NFC"))).trim();
  return apply(ENDS, apply(WORDS, text)).trim();
}

const apply = (rules: readonly Rule[], text: string): string =>
  rules.reduce((before, [pattern, by]) => before.replace(pattern, by), text);

/** The text that a query of an address stands for: %20 and + are spaces. */
const unquoted = (text: string): string =>
  text
    .replaceAll("+", " ")
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) => new TextDecoder().decode(Buffer.from(run.replaceAll("%", ""), "hex")));

/** Character references by number, and the most usual ones by name. */
const unescaped = (text: string): string =>
  text.replace(
    /&(?:#(?:x([0-9a-f]{1,6})|(\d{1,7}))|([a-z]{2,4}));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : "\ufffd";
    },
  );
