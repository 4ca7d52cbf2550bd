/**
 * Normalizers: text to text, one row a "type" of the file. Reference: Hugging Face `tokenizers`, whose choices are kept where
 * they differ from JavaScript's: white space is the Unicode property, and lower case is made character by character.
 */
import { toByteCharacters } from "./byte-alphabet.js";
import { grow, grown } from "./effort.js";
import type { Cursor } from "./json-cursor.js";
import { readPattern, replaceAll } from "./pattern.js";
import { readPrecompiled } from "./precompiled.js";

export type Normalize = (text: string) => string;

const NORMALIZERS: Readonly<Record<string, (part: Cursor) => Normalize>> = {
  Sequence: (part) => {
    const steps = part.at("normalizers").list().map(readNormalizer);
    return (text) => steps.reduce((out, step) => step(out), text);
  },
  NFC: () => (text) => grown(text, text.normalize("NFC")),
  NFD: () => (text) => grown(text, text.normalize("NFD")),
  NFKC: () => (text) => grown(text, text.normalize("NFKC")),
  NFKD: () => (text) => grown(text, text.normalize("NFKD")),
  Lowercase: () => lowercase,
  Strip: (part) => {
    const left = part.at("strip_left").boolean();
    const right = part.at("strip_right").boolean();
    return (text) => text.slice(left ? leadingSpace(text) : 0, right ? trailingSpace(text) : text.length);
  },
  StripAccents: () => (text) => text.replace(/\p{M}/gu, ""),
  Replace: (part) => {
    const pattern = readPattern(part.at("pattern"));
    const content = part.at("content").string();
    return (text) => replaceAll(text, pattern, content);
  },
  Prepend: (part) => {
    const prefix = part.at("prepend").string();
    return (text) => {
      if (text === "") return "";
      grow(prefix.length);
      return prefix + text;
    };
  },
  ByteLevel: () => (text) => grown(text, toByteCharacters(text)),
  Nmt: () => nmt,
  Precompiled: readPrecompiled,
  BertNormalizer: (part) => {
    const lower = part.at("lowercase").boolean(true);
    const clean = part.at("clean_text").boolean(true);
    const spaced = part.at("handle_chinese_chars").boolean(true);
    const stripped = part.at("strip_accents").boolean(lower);
    return (text) => {
      let out = clean ? text.replace(BERT_CONTROLS, "").replace(/\p{White_Space}/gu, " ") : text;
      if (spaced) out = out.replace(BERT_IDEOGRAPHS, " $& ");
      if (stripped) out = out.normalize("NFD").replace(/\p{Mn}/gu, "");
      return grown(text, lower ? lowercase(out) : out);
    };
  },
};

export const readNormalizer = (part: Cursor): Normalize => part.byType(NORMALIZERS);

/** Character by character: a capital sigma at the end of a word becomes σ, not ς. */
function lowercase(text: string): string {
  const lower = text
    .split("Σ")
    .map((part) => part.toLowerCase())
    .join("σ");
  return grown(text, lower);
}

/** All of Cc, Cf and Co but tab, line feed and carriage return; and the replacement character. */
const BERT_CONTROLS = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu;

/** The CJK blocks of BERT's tokenization.py, _is_chinese_char, with the last-but-two as the reference has it (from 2B920). */
const BERT_IDEOGRAPHS =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

/** The rules of nmt_nfkc in SentencePiece that are not NFKC: controls vanish, odd spaces become spaces. */
function nmt(text: string): string {
  return text
    .replace(/\p{Cc}/gu, (control) => (NMT_SPACES.includes(control) ? " " : NMT_KEPT.test(control) ? control : ""))
    .replace(/[\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g, " ");
}
const NMT_SPACES = "\t\n\f\r";
const NMT_KEPT = /[\0\u0080-\u008e\u0090-\u009e]/;

const SPACE = /\p{White_Space}/u;

/** Where the white space that begins at `from` ends. */
export function leadingSpace(text: string, from = 0): number {
  let position = from;
  while (position < text.length && SPACE.test(text[position]!)) position++;
  return position;
}

/** Where the white space that ends before `before` begins, from `least` on. */
export function trailingSpace(text: string, before = text.length, least = 0): number {
  let position = before;
  while (position > least && SPACE.test(text[position - 1]!)) position--;
  return position;
}
