/**
 * The character map of a SentencePiece model (normalizer "Precompiled"): a little-endian byte count, a Darts-clone double
 * array over UTF-8 bytes, and the replacements, each ended by a zero byte (sentencepiece, normalizer.cc, DecodePrecompiledCharsMap).
 */
import { grow } from "./effort.js";
import { graphemesOf } from "./graphemes.js";
import type { Cursor } from "./json-cursor.js";

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
    for (const segment of graphemesOf(text)) {
      const replaced = grapheme(segment);
      grow(replaced.length - segment.length);
      out += replaced;
    }
    return out;
  };
}

const unitHasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const unitLabel = (unit: number) => unit & 0x800000ff;
const unitOffset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
