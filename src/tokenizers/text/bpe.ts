/**
 * Byte-pair encoding (Sennrich et al. 2016, §3.2): a word is its characters, and the adjacent pair whose merge was learned
 * first is joined, leftmost first, until no learned pair is left. With a heap of pairs a word of n characters takes n log n.
 */
import { TokenizerError } from "../../base/errors.js";
import { byteToken, utf8 } from "./byte-alphabet.js";
import type { Cursor } from "./json-cursor.js";
import { PairQueue } from "./pair-queue.js";
import { readVocabulary, type TextModel, type Vocabulary } from "./vocabulary.js";

/** Learned merges: the rank of a pair of ids, and what the pair of that rank becomes. */
interface Merges {
  readonly rankOf: ReadonlyMap<number, number>; // key: see pairKey
  readonly resultOf: readonly number[]; //         [merges] id
}

/** Words are remembered, as most text repeats them; the limits are those of the reference. */
const REMEMBERED_WORDS = 10_000;
const LONGEST_REMEMBERED = 256;

/** Ids are below 2^25 (vocabulary.ts), so a pair of them is an exact integer. */
const pairKey = (left: number, right: number): number => left * 2 ** 26 + right;

export function readBpe(part: Cursor): TextModel {
  const vocabulary = readVocabulary(part.at("vocab"));
  const prefix = part.at("continuing_subword_prefix").string("");
  const suffix = part.at("end_of_word_suffix").string("");
  const unknown = part.has("unk_token") ? part.at("unk_token").string() : null;
  const fusesUnknown = part.at("fuse_unk").boolean(false);
  const fallsBack = part.at("byte_fallback").boolean(false);
  const ignoresMerges = part.at("ignore_merges").boolean(false);
  const merges = readMerges(part.at("merges"), vocabulary, prefix);
  if (part.at("dropout").number(0) > 0) {
    part.warn("dropout is a training aid and was left out: the same text always gets the same ids.");
  }

  const unknownId = (word: string): number | null => {
    if (unknown === null) return null;
    const id = vocabulary.idOf(unknown);
    if (id === undefined) throw unknownOutside(part.file.label, unknown, word);
    return id;
  };

  /**
   * The symbols that a word starts from. As in the reference, a character that has neither an id nor byte tokens becomes the
   * unknown token, and vanishes if the file names none; a pending unknown token is placed only before the next known one.
   */
  const symbolsOf = (word: string): number[] => {
    const symbols: number[] = [];
    let pending: number | null = null;
    let position = 0;
    for (const character of word) {
      const start = position === 0 ? character : prefix + character;
      position += character.length;
      const symbol = position === word.length ? start + suffix : start;
      const id = vocabulary.idOf(symbol);
      if (id !== undefined) {
        if (pending !== null) symbols.push(pending);
        pending = null;
        symbols.push(id);
        continue;
      }
      const bytes = fallsBack ? Array.from(utf8(symbol), (byte) => vocabulary.idOf(byteToken(byte))) : [undefined];
      if (bytes.every((byte) => byte !== undefined)) {
        symbols.push(...bytes);
        continue;
      }
      if (pending !== null && !fusesUnknown) symbols.push(pending);
      pending = unknownId(word);
    }
    if (pending !== null) symbols.push(pending);
    return symbols;
  };

  const remembered = new Map<string, readonly number[]>();
  return {
    vocabulary,
    tokenize(word, ids) {
      const whole = ignoresMerges ? vocabulary.idOf(word) : undefined;
      if (whole !== undefined) {
        ids.push(whole);
        return;
      }
      let merged = remembered.get(word);
      if (merged === undefined) {
        merged = mergeAll(symbolsOf(word), merges);
        if (word.length < LONGEST_REMEMBERED && remembered.size < REMEMBERED_WORDS) remembered.set(word, merged);
      }
      for (const id of merged) ids.push(id);
    },
  };
}

/** Joins pairs by rank, then from the left, until none is left that has a rank. */
export function mergeAll(symbols: number[], { rankOf, resultOf }: Merges): number[] {
  if (symbols.length < 2) return symbols;
  const count = symbols.length;
  const next = Int32Array.from({ length: count }, (_, index) => index + 1); // count: none
  const previous = Int32Array.from({ length: count }, (_, index) => index - 1); // -1: none
  const alive = new Uint8Array(count).fill(1);
  const queue = new PairQueue();
  const rankAt = (position: number): number | undefined => {
    const right = next[position]!;
    return right === count ? undefined : rankOf.get(pairKey(symbols[position]!, symbols[right]!));
  };
  const offer = (position: number) => {
    const rank = rankAt(position);
    if (rank !== undefined) queue.push(rank, position);
  };
  for (let position = 0; position < count - 1; position++) offer(position);

  for (let pair = queue.pop(); pair !== null; pair = queue.pop()) {
    const { rank, position } = pair;
    if (alive[position] === 0) continue;
    const current = rankAt(position);
    // an entry may be older than its neighbours; it counts if the pair of now would become the same token
    if (current === undefined || resultOf[current] !== resultOf[rank]) continue;
    const right = next[position]!;
    const after = next[right]!;
    symbols[position] = resultOf[rank]!;
    alive[right] = 0;
    next[position] = after;
    if (after < count) previous[after] = position;
    if (previous[position]! >= 0) offer(previous[position]!);
    offer(position);
  }
  return symbols.filter((_, index) => alive[index] === 1);
}

/** Merges are ["a", "b"] or, in older files, "a b"; a "#version" line may stand among the latter. */
function readMerges(part: Cursor, vocabulary: Vocabulary, prefix: string): Merges {
  const rankOf = new Map<number, number>();
  const resultOf: number[] = [];
  const id = (token: string, merge: Cursor): number => {
    const found = vocabulary.idOf(token);
    if (found === undefined)
      merge.fail(`merges to or from ${JSON.stringify(token.slice(0, 60))}, which is not in the vocabulary`);
    return found;
  };
  for (const merge of part.list()) {
    if (typeof merge.value === "string" && merge.value.startsWith("#version")) continue;
    const pair: unknown = typeof merge.value === "string" ? merge.value.split(" ") : merge.value;
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== "string" || typeof pair[1] !== "string") {
      merge.fail('must be two tokens, as ["a", "b"] or "a b"');
    }
    const [left, right] = pair as [string, string];
    rankOf.set(pairKey(id(left, merge), id(right, merge)), resultOf.length);
    resultOf.push(id(left + right.slice(prefix.length), merge));
  }
  return { rankOf, resultOf };
}

function unknownOutside(file: string, token: string, word: string): TokenizerError {
  return new TokenizerError(
    `${file}: ${JSON.stringify(word.slice(0, 40))} needs the unknown token "${token}", which is not in the vocabulary.`,
    "Use a tokenizer file whose unk_token is one of its tokens, or text in the characters that it knows.",
  );
}
