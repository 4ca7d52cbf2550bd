/**
 * The character map of a SentencePiece model (normalizer "Precompiled"): a little-endian byte count, a Darts-clone double
 * array over UTF-8 bytes, and the replacements, each ended by a zero byte (sentencepiece, normalizer.cc, DecodePrecompiledCharsMap).
 */
import type { Cursor } from "./json-cursor.js";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const encoder = new TextEncoder();

export function readPrecompiled(part: Cursor): (text: string) => string {
  const field = part.at("precompiled_charsmap");
  const bytes = Buffer.from(field.string(), "base64");
  const trieBytes = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length)
    field.fail("is not a SentencePiece character map");
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, index) => bytes.readUInt32LE(4 + 4 * index));
  const replacements = bytes.subarray(4 + trieBytes);

  /** What replaces `part`; only the shortest entry that begins it counts, as in the reference. Undefined: no entry. */
  const lookUp = (text: string): string | undefined => {
    let node = unitOffset(units[0]!);
    for (const byte of encoder.encode(text)) {
      if (byte === 0) return undefined;
      const unit = units[(node ^= byte)];
      if (unit === undefined || unitLabel(unit) !== byte) return undefined;
      node ^= unitOffset(unit);
      if (!unitHasLeaf(unit)) continue;
      const start = (units[node] ?? 0) & 0x7fffffff;
      const end = replacements.indexOf(0, start);
      return replacements.toString("utf8", start, end < 0 ? replacements.length : end);
    }
    return undefined;
  };
  const known = new Map<string, string | undefined>();
  const remembered = (text: string): string | undefined => {
    if (!known.has(text)) {
      if (known.size > 20_000) known.clear();
      known.set(text, lookUp(text));
    }
    return known.get(text);
  };

  /** A grapheme of at most five bytes is looked up whole, and then, as any longer one, character by character. */
  const grapheme = (text: string): string => {
    const whole = text.length < 6 && encoder.encode(text).length < 6 ? remembered(text) : undefined;
    if (whole !== undefined) return whole;
    let out = "";
    for (const character of text) out += remembered(character) ?? character;
    return out;
  };

  return (text) => {
    let out = "";
    let complex = 0; // from here on, graphemes have to be found
    for (let position = 0; position < text.length; position++) {
      if (!(isSimple(text, position) && isSimple(text, position + 1))) continue;
      if (position > complex && !isSimple(text, position - 1)) continue;
      for (const { segment } of segments(text.slice(complex, position))) out += grapheme(segment);
      out += grapheme(text[position]!);
      complex = position + 1;
    }
    for (const { segment } of segments(text.slice(complex))) out += grapheme(segment);
    return out;
  };
}

const segments = (text: string): Iterable<{ readonly segment: string }> =>
  text.length < 2 ? (text === "" ? [] : [{ segment: text }]) : graphemes.segment(text);

/** Below U+0300 nothing combines, but for CR LF: between two simple characters a grapheme ends, as at the end of the text. */
const isSimple = (text: string, position: number): boolean => {
  const unit = position < text.length ? text.charCodeAt(position) : 0x20;
  return unit < 0x300 && unit !== 0x0d;
};

const unitHasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const unitLabel = (unit: number) => unit & 0x800000ff;
const unitOffset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
