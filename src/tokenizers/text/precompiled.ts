/**
 * The character map of a SentencePiece model (normalizer "Precompiled"): a little-endian byte count, a Darts-clone double
 * array over UTF-8 bytes, and the replacements, each ended by a zero byte (sentencepiece, normalizer.cc, DecodePrecompiledCharsMap).
 */
import type { Cursor } from "./json-cursor.js";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const encoder = new TextEncoder();

/** A run in which every character is a grapheme of its own: nothing below U+0300 combines, but for CR LF. */
const SIMPLE_RUN = /[\0-\f\x0e-\u02ff]+(?![\u0300-\u{10ffff}])/uy;

export function readPrecompiled(part: Cursor): (text: string) => string {
  const field = part.at("precompiled_charsmap");
  const bytes = Buffer.from(field.string(), "base64");
  const trieBytes = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) field.fail("is not a SentencePiece character map");
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
    for (let position = 0; position < text.length; ) {
      SIMPLE_RUN.lastIndex = position;
      const run = SIMPLE_RUN.exec(text)?.[0];
      if (run !== undefined) {
        for (const character of run) out += grapheme(character);
        position += run.length;
        continue;
      }
      const complex = complexRun(text, position);
      for (const { segment } of graphemes.segment(complex)) out += grapheme(segment);
      position += complex.length;
    }
    return out;
  };
}

/** From `start` to where two simple characters stand side by side: a grapheme ends between them. */
function complexRun(text: string, start: number): string {
  const end = text.slice(start + 1).search(/(?<=[\0-\f\x0e-\u02ff])[\0-\f\x0e-\u02ff]/u);
  return end < 0 ? text.slice(start) : text.slice(start, start + 1 + end);
}

const unitHasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const unitLabel = (unit: number) => unit & 0x800000ff;
const unitOffset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
