/** The model of a tokenizer file: pieces to ids by a vocabulary. One row per kind; each kind has its own file. */
import { readBpe } from "./bpe.js";
import type { Cursor } from "./json-cursor.js";
import { readUnigram } from "./unigram.js";
import type { TextModel } from "./vocabulary.js";
import { readWordLevel, readWordPiece } from "./word-piece.js";

const MODELS: Readonly<Record<string, (part: Cursor) => TextModel>> = {
  BPE: readBpe,
  Unigram: readUnigram,
  WordPiece: readWordPiece,
  WordLevel: readWordLevel,
};

/** Files from before 2021 name no type: then the members tell, in the order in which the reference tries. */
export function readModel(part: Cursor): TextModel {
  if (part.has("type")) return part.byType(MODELS);
  if (part.has("merges")) return readBpe(part);
  if (Array.isArray(part.at("vocab").value)) return readUnigram(part);
  return part.has("continuing_subword_prefix") ? readWordPiece(part) : readWordLevel(part);
}
