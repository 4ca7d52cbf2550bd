/** Tokens and their ids, and what a model does with them. */
import type { Cursor } from "./json-cursor.js";

/** More ids than any model has; a larger one is a mistake that would cost gigabytes. */
const LARGEST_ID = 2 ** 24;

/** Pieces to ids. The kinds are in bpe.ts, unigram.ts and word-piece.ts. */
export interface TextModel {
  readonly vocabulary: Vocabulary;
  /** Appends the ids of one piece, which is not empty. */
  tokenize(piece: string, ids: number[]): void;
}

export class Vocabulary {
  private readonly ids = new Map<string, number>();
  private readonly tokens: (string | undefined)[] = [];

  /** Where a token stands twice, its last id is used, and every id has its token. */
  constructor(entries: readonly (readonly [token: string, id: number])[]) {
    this.size = entries.length;
    for (const [token, id] of entries) {
      this.ids.set(token, id);
      this.tokens[id] = token;
    }
  }

  /** The number of entries (ids may have gaps: see `end`). */
  readonly size: number;

  /** One more than the largest id. */
  get end(): number {
    return this.tokens.length;
  }

  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  tokenOf(id: number): string | undefined {
    return this.tokens[id];
  }
}

/** Reads { token: id, … }. */
export function readVocabulary(part: Cursor): Vocabulary {
  const entries = Object.entries(part.members()) as [string, number][];
  for (const [token, id] of entries) {
    if (!Number.isInteger(id) || id < 0 || id > LARGEST_ID) {
      part.fail(`gives ${JSON.stringify(token.slice(0, 40))} an id that is not an integer from 0 to ${LARGEST_ID}`);
    }
  }
  return new Vocabulary(entries);
}
