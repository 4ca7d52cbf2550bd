/**
 * Models that look whole words up. WordPiece (BERT, tokenization.py, WordpieceTokenizer) takes the longest token that begins
 * the rest of the word, until nothing is left; a word that cannot be finished is unknown as a whole. WordLevel knows words only.
 */
import { TokenizerError } from "../../base/errors.js";
import type { Cursor } from "./json-cursor.js";
import { Trie } from "./trie.js";
import { readVocabulary, type TextModel, type Vocabulary } from "./vocabulary.js";

export function readWordPiece(part: Cursor): TextModel {
  const vocabulary = readVocabulary(part.at("vocab"));
  const unknown = part.at("unk_token").string("[UNK]");
  const prefix = part.at("continuing_subword_prefix").string("##");
  const longest = part.at("max_input_chars_per_word").integer(100);
  const beginnings = new Map<string, number>();
  const continuations = new Map<string, number>();
  for (let id = 0; id < vocabulary.end; id++) {
    const token = vocabulary.tokenOf(id);
    if (token === undefined) continue;
    if (token !== "") beginnings.set(token, id);
    if (token.startsWith(prefix) && token !== prefix) continuations.set(token.slice(prefix.length), id);
  }
  const beginning = new Trie(beginnings);
  const continuation = new Trie(continuations);

  return {
    vocabulary,
    tokenize(word, ids) {
      const found: number[] = [];
      let start = 0;
      if (word.length <= longest || [...word].length <= longest) {
        while (start < word.length) {
          const match = (start === 0 ? beginning : continuation).longest(word, start);
          if (match === null) break;
          found.push(match.value);
          start = match.end;
        }
      }
      if (start < word.length) ids.push(unknownId(part, vocabulary, unknown, word));
      else for (const id of found) ids.push(id);
    },
  };
}

export function readWordLevel(part: Cursor): TextModel {
  const vocabulary = readVocabulary(part.at("vocab"));
  const unknown = part.at("unk_token").string();
  return {
    vocabulary,
    tokenize(word, ids) {
      ids.push(vocabulary.idOf(word) ?? unknownId(part, vocabulary, unknown, word));
    },
  };
}

function unknownId(part: Cursor, vocabulary: Vocabulary, unknown: string, word: string): number {
  const id = vocabulary.idOf(unknown);
  if (id !== undefined) return id;
  throw new TokenizerError(
    `${part.file.label}: ${JSON.stringify(word.slice(0, 40))} is not in the vocabulary, and neither is the unknown token "${unknown}".`,
    "Use a tokenizer file whose unk_token is one of its tokens, or text in the words that it knows.",
  );
}
