/** Pre-tokenizers: pieces to smaller pieces, one row a "type" of the file. The model sees each piece alone. */
import { toByteCharacters } from "./byte-alphabet.js";
import { grown } from "./effort.js";
import type { Cursor } from "./json-cursor.js";
import { exactly, readPattern } from "./pattern.js";
import { BEHAVIORS, type Piece, split } from "./pieces.js";

export type PreTokenize = (pieces: readonly Piece[]) => Piece[];

/** GPT-2's pattern (encoder.py); white space is the Unicode property. */
const GPT2 =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** Words, and runs of what is neither word nor space, after the \w of Rust's regex crate (Unicode UTS 18, annex C). */
const WORDS =
  /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu;
const SPACE = /\p{White_Space}/gu;
const PUNCTUATION = /[\p{P}$+<=>^`|~]/gu;
const DIGIT = /\p{N}/gu;

const each =
  (cut: (piece: Piece) => Piece[]): PreTokenize =>
  (pieces) =>
    pieces.flatMap(cut);

const PRE_TOKENIZERS: Readonly<Record<string, (part: Cursor) => PreTokenize>> = {
  Sequence: (part) => {
    const steps = part.at("pretokenizers").list().map(readPreTokenizer);
    return (pieces) => steps.reduce<Piece[]>((out, step) => step(out), [...pieces]);
  },
  ByteLevel: (part) => {
    const spaced = part.at("add_prefix_space").boolean(true);
    const cut = part.at("use_regex").boolean(true);
    return each((piece) => {
      const text = spaced && !piece.text.startsWith(" ") ? ` ${piece.text}` : piece.text;
      const parts = cut ? split({ ...piece, text }, GPT2, "Isolated") : [{ ...piece, text }];
      return parts.map(({ text, first }) => ({ text: grown(text, toByteCharacters(text)), first }));
    });
  },
  Metaspace: (part) => {
    const { replacement, scheme } = readMetaspace(part);
    const cut = part.at("split").boolean(true);
    const mark = exactly(replacement);
    return each((piece) => {
      let text = piece.text.replaceAll(" ", () => replacement);
      const wanted = scheme === "always" || (scheme === "first" && piece.first);
      if (wanted && !text.startsWith(replacement)) text = grown(text, replacement + text);
      return cut ? split({ ...piece, text }, mark, "MergedWithNext") : [{ ...piece, text }];
    });
  },
  Split: (part) => {
    const pattern = readPattern(part.at("pattern"));
    const behavior = part.at("behavior").oneOf(BEHAVIORS);
    const inverted = part.at("invert").boolean(false);
    return each((piece) => split(piece, pattern, behavior, inverted));
  },
  CharDelimiterSplit: (part) => {
    const delimiter = exactly(part.at("delimiter").character());
    return each((piece) => split(piece, delimiter, "Removed"));
  },
  Whitespace: () => each((piece) => split(piece, WORDS, "Removed", true)),
  WhitespaceSplit: () => each((piece) => split(piece, SPACE, "Removed")),
  Punctuation: (part) => {
    const behavior = part.at("behavior").oneOf(BEHAVIORS, "Isolated");
    return each((piece) => split(piece, PUNCTUATION, behavior));
  },
  Digits: (part) => {
    const behavior = part.at("individual_digits").boolean() ? "Isolated" : "Contiguous";
    return each((piece) => split(piece, DIGIT, behavior));
  },
  BertPreTokenizer: () =>
    each((piece) => split(piece, SPACE, "Removed").flatMap((word) => split(word, PUNCTUATION, "Isolated"))),
  FixedLength: (part) => {
    const length = part.at("length").integer(5);
    if (length === 0) part.at("length").fail("must be at least 1");
    const chunk = new RegExp(`[^]{1,${length}}`, "gu");
    return each((piece) => split(piece, chunk, "Isolated"));
  },
};

export const readPreTokenizer = (part: Cursor): PreTokenize => part.byType(PRE_TOKENIZERS);

/** What Metaspace means, as pre-tokenizer and as decoder; older files say add_prefix_space instead of prepend_scheme. */
export function readMetaspace(part: Cursor) {
  const declared = part.at("prepend_scheme").oneOf(["always", "first", "never"] as const, "always");
  const spaced = part.at("add_prefix_space").boolean(true);
  if (!spaced && part.has("prepend_scheme") && declared !== "never") {
    part.fail('says "add_prefix_space": false and a "prepend_scheme" other than "never"');
  }
  return { replacement: part.at("replacement").character("▁"), scheme: spaced ? declared : ("never" as const) };
}
