/**
 * Tokens that a file adds to its model, such as <|endoftext|>: they are cut out of a text before the model sees it. Those that
 * are not "normalized" are looked for in the text as it came, the others in the normalized text and in their normalized form.
 */
import type { Cursor } from "./json-cursor.js";
import { leadingSpace, type Normalize, trailingSpace } from "./normalizers.js";
import type { Piece } from "./pieces.js";
import { Trie } from "./trie.js";
import type { Vocabulary } from "./vocabulary.js";

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** The content as the decoder should see it. */
  readonly decoded: string;
  /** Left out of decoded text unless asked for. */
  readonly special: boolean;
  /** Found only where no word character touches it. */
  readonly singleWord: boolean;
  /** Takes the white space before or after it along. */
  readonly stripsLeft: boolean;
  readonly stripsRight: boolean;
  readonly normalized: boolean;
}

/** A piece that the model still has to read, or the id of a token that was found. */
export type Extracted = Piece | number;

export class AddedTokens {
  private readonly byId = new Map<number, AddedToken>();
  private readonly byContent = new Map<string, AddedToken>();
  private readonly raw: Trie;
  private readonly normalized: Trie;

  constructor(tokens: readonly AddedToken[]) {
    for (const token of tokens) {
      this.byId.set(token.id, token);
      this.byContent.set(token.content, token);
    }
    const kept = [...this.byId.values()];
    const trieOf = (wanted: boolean) => {
      const patterns = kept.filter((token) => token.normalized === wanted && token.decoded !== "");
      return new Trie(new Map(patterns.map((token) => [token.decoded, token.id])));
    };
    this.raw = trieOf(false);
    this.normalized = trieOf(true);
  }

  /** One more than the largest id. */
  get end(): number {
    return [...this.byId.keys()].reduce((end, id) => Math.max(end, id + 1), 0);
  }

  withId(id: number): AddedToken | undefined {
    return this.byId.get(id);
  }

  named(content: string): AddedToken | undefined {
    return this.byContent.get(content);
  }

  /** Whether a token of that text is special, be it of the model or added. */
  isSpecial(content: string): boolean {
    return this.byContent.get(content)?.special ?? false;
  }

  /** Cuts the text at its added tokens and normalizes what is left. With `specials` "text", special ones stay text. */
  extract(text: string, normalize: Normalize, specials: "tokens" | "text"): Extracted[] {
    const cut = (piece: Extracted, trie: Trie) =>
      typeof piece === "number" ? [piece] : this.cut(piece, trie, specials);
    return cut({ text, first: true }, this.raw)
      .map((piece) => (typeof piece === "number" ? piece : { ...piece, text: normalize(piece.text) }))
      .flatMap((piece) => cut(piece, this.normalized));
  }

  /** Finds are leftmost and longest; one that is refused is passed over as a whole. */
  private cut(piece: Piece, trie: Trie, specials: "tokens" | "text"): Extracted[] {
    const { text } = piece;
    const out: Extracted[] = [];
    let done = 0;
    const keep = (start: number, end: number) => {
      if (end > start) out.push({ text: text.slice(start, end), first: piece.first && start === 0 });
    };
    for (let position = 0; position < text.length; ) {
      const match = trie.longest(text, position);
      if (match === null) {
        position++;
        continue;
      }
      const token = this.byId.get(match.value)!;
      const start = position;
      position = match.end;
      if (token.special && specials === "text") continue;
      if (
        token.singleWord &&
        (WORD_BEFORE.test(text.slice(0, start).slice(-2)) || WORD_AFTER.test(text.slice(match.end, match.end + 2)))
      ) {
        continue;
      }
      keep(done, token.stripsLeft ? trailingSpace(text, start, done) : start);
      out.push(token.id);
      // The search goes on at the end of the token: the next one may begin with the space that this one took along.
      done = token.stripsRight ? leadingSpace(text, match.end) : match.end;
    }
    keep(done, text.length);
    return out;
  }
}

const WORD_BEFORE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const WORD_AFTER = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/**
 * Reads "added_tokens". As in the reference, a token that the model has keeps the model's id and any other gets the next free
 * one; where the file states another id, that is reported as a warning.
 */
export function readAddedTokens(part: Cursor, vocabulary: Vocabulary, normalize: Normalize): AddedTokens {
  const tokens: AddedToken[] = [];
  const ids = new Map<string, number>();
  let next = vocabulary.size;
  for (const item of part.value === undefined ? [] : part.list()) {
    const content = item.at("content").string();
    if (content === "") continue;
    const stated = item.at("id").integer();
    const id = ids.get(content) ?? vocabulary.idOf(content) ?? next++;
    if (id !== stated)
      item.warn(`"${content.slice(0, 40)}" is stated to be ${stated} but gets the id ${id}, as in the reference.`);
    ids.set(content, id);
    const special = item.at("special").boolean(false);
    const normalized = item.at("normalized").boolean(!special);
    tokens.push({
      id,
      content,
      decoded: normalized ? normalize(content) : content,
      special,
      singleWord: item.at("single_word").boolean(false),
      stripsLeft: item.at("lstrip").boolean(false),
      stripsRight: item.at("rstrip").boolean(false),
      normalized,
    });
  }
  return new AddedTokens(tokens);
}
