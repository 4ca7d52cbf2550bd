/**
 * The unigram language model (Kudo 2018, §3.1): of all ways to write a text in pieces, the one with the highest sum of
 * scores, found by Viterbi. A character that no piece covers costs 10 more than the worst piece (SentencePiece, unigram_model.cc).
 */
import { TokenizerError } from "../../base/errors.js";
import { byteToken, utf8 } from "./byte-alphabet.js";
import type { Cursor } from "./json-cursor.js";
import { Trie } from "./trie.js";
import { type TextModel, Vocabulary } from "./vocabulary.js";

const UNKNOWN_PENALTY = 10;

export function readUnigram(part: Cursor): TextModel {
  const pieces = part.at("vocab").list().map(readPiece);
  const unknown = part.has("unk_id") ? part.at("unk_id").integer() : null;
  if (unknown !== null && unknown >= pieces.length) part.at("unk_id").fail("is not an id of the vocabulary");
  const fallsBack = part.at("byte_fallback").boolean(false);

  const vocabulary = new Vocabulary(pieces.map(({ token }, id) => [token, id] as const));
  // No file of the format has this member: load-sentencepiece.ts says with it which pieces a text is never cut into.
  const unmatched = new Set(
    part.has("unmatched")
      ? part
          .at("unmatched")
          .list()
          .map((id) => id.integer())
      : [],
  );
  const written = pieces.flatMap(({ token }, id) =>
    token === "" || unmatched.has(id) ? [] : [[token, vocabulary.idOf(token)!] as const],
  );
  const trie = new Trie(new Map(written));
  const scores = Float64Array.from(pieces, ({ score }) => score);
  const least = scores.reduce(
    (low, score, id) => (unmatched.has(id) ? low : Math.min(low, score)),
    Number.POSITIVE_INFINITY,
  );
  const unknownScore = least - UNKNOWN_PENALTY;

  const unknownId = unknown ?? -1; // a path may lead through -1, and fails only if no bytes can stand for the character
  const missing = (text: string): number => {
    if (unknown !== null) return unknown;
    throw new TokenizerError(
      `${part.file.label}: ${JSON.stringify(text.slice(0, 40))} holds a character that the vocabulary cannot write.`,
      "The file names no unknown token (unk_id); use text in the characters that it knows.",
    );
  };

  /** Appends the ids of a part of the best path. Several unknown characters in a row are one part. */
  const append = (text: string, out: number[]) => {
    const id = vocabulary.idOf(text);
    if (id !== undefined && !unmatched.has(id)) return void out.push(id);
    const bytes = fallsBack ? Array.from(utf8(text), (byte) => vocabulary.idOf(byteToken(byte))) : [undefined];
    if (bytes.every((byte) => byte !== undefined)) for (const byte of bytes) out.push(byte);
    else out.push(missing(text));
  };

  return {
    vocabulary,
    tokenize(text, out) {
      const best = new Float64Array(text.length + 1); //            score of the best path that ends here
      const from = new Int32Array(text.length + 1).fill(-1); //     where its last piece starts, -1 if there is none yet
      const last = new Int32Array(text.length + 1); //              the id of its last piece
      for (let start = 0, width = 0; start < text.length; start += width) {
        width = text.codePointAt(start)! > 0xffff ? 2 : 1;
        let covered = false;
        const offer = (end: number, id: number, score: number) => {
          const total = best[start]! + score;
          if (from[end] !== -1 && total <= best[end]!) return;
          best[end] = total;
          from[end] = start;
          last[end] = id;
        };
        trie.prefixes(text, start, (end, id) => {
          offer(end, id, scores[id]!);
          covered ||= end === start + width;
        });
        if (!covered) offer(start + width, unknownId, unknownScore);
      }

      const cuts: number[] = []; // the ends of the parts, from the right
      for (let end = text.length, wasUnknown = false; end > 0; end = from[end]!) {
        const isUnknown = last[end] === unknownId;
        if (!(isUnknown && wasUnknown)) cuts.push(end);
        wasUnknown = isUnknown;
      }
      for (let index = cuts.length - 1, start = 0; index >= 0; start = cuts[index--]!)
        append(text.slice(start, cuts[index]), out);
    },
  };
}

function readPiece(part: Cursor): { token: string; score: number } {
  const [token, score] = part.list();
  if (token === undefined || score === undefined) part.fail("must be [token, score]");
  return { token: token.string(), score: score.number() };
}
