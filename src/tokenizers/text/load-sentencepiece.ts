/** The tokenizer in a SentencePiece file (Kudo and Richardson 2018, arXiv 1808.06226), as sentencepiece_model.proto lays it out. */
import { TokenizerError } from "../../base/errors.js";
import { readBounded } from "../../base/read-file.js";
import { loadTextTokenizer } from "./load-text-tokenizer.js";
import { type Field, fieldsOf } from "./protocol-buffer.js";
import type { TextTokenizer } from "./text-tokenizer.js";

const MOST_BYTES = 2 ** 26;

/** Numbers of the fields that are read, of each message. */
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const PIECE = { text: 1, score: 2, kind: 3 } as const;
const TRAINER = { algorithm: 3 } as const;
const NORMALIZER = { characterMap: 2, leadingSpace: 3, singleSpaces: 4, escapesSpaces: 5 } as const;

/** Kinds of pieces. Only ordinary and unused ones are found in a text; those that a user defined are, wherever they stand. */
const [NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE] = [1, 2, 3, 4, 6];
const UNIGRAM = 1;

const REMEDY = "Bring the tokenizer.model that the authors publish, of the unigram kind.";

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

/**
 * Reads a tokenizer.model of the unigram kind. Ids are the places of the pieces in the file; none is added in front of a text or behind it.
 *
 * @throws InputError for a file that cannot be read; TokenizerError for one that is damaged, or of another algorithm.
 */
export async function loadSentencePiece(file: string): Promise<TextTokenizer> {
  const pieces: Piece[] = [];
  let algorithm = UNIGRAM;
  let normalizer = new Map<number, Field>();
  for (const [number, field] of fieldsOf(await readBounded(file, MOST_BYTES), file)) {
    if (typeof field === "number") continue;
    const message = () => new Map(fieldsOf(field, file));
    if (number === MODEL.pieces) pieces.push(pieceOf(message(), file));
    else if (number === MODEL.trainer) algorithm = wholeOf(message().get(TRAINER.algorithm), UNIGRAM);
    else if (number === MODEL.normalizer) normalizer = message();
  }
  const unknown = pieces.findIndex(({ kind }) => kind === UNKNOWN);
  if (algorithm !== UNIGRAM) throw new TokenizerError(`${file}: is of another algorithm than unigram.`, REMEDY);
  if (unknown < 0) throw new TokenizerError(`${file}: names no piece for what it does not know.`, REMEDY);
  const isSet = (number: number) => wholeOf(normalizer.get(number), 1) !== 0;
  if (!isSet(NORMALIZER.escapesSpaces)) throw new TokenizerError(`${file}: does not mark spaces.`, REMEDY);
  const map = normalizer.get(NORMALIZER.characterMap);
  const bytes = pieces.some(({ kind }) => kind === BYTE);
  const numbered = pieces.map((piece, id) => ({ ...piece, id }));
  const likeliest = Math.max(...pieces.map(({ kind, score }) => (kind === NORMAL ? score : Number.NEGATIVE_INFINITY)));
  return loadTextTokenizer({
    version: "1.0",
    added_tokens: [],
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...(map instanceof Uint8Array && map.length > 0
          ? [{ type: "Precompiled", precompiled_charsmap: Buffer.from(map).toString("base64") }]
          : []),
        ...(isSet(NORMALIZER.singleSpaces) ? [replaced("^ +|[ ▁]+$", ""), replaced(" {2,}", " ")] : []),
      ],
    },
    pre_tokenizer: { ...SPACES, prepend_scheme: isSet(NORMALIZER.leadingSpace) ? "first" : "never", split: false },
    decoder: bytes ? { type: "Sequence", decoders: BYTES } : { ...SPACES, prepend_scheme: "first" },
    model: {
      type: "Unigram",
      unk_id: unknown,
      vocab: pieces.map((piece) => [piece.text, scoreOf(piece, likeliest)]),
      byte_fallback: bytes,
      unmatched: numbered.filter(({ kind }) => UNMATCHED.has(kind)).map(({ id }) => id),
    },
  });
}

const UNMATCHED: ReadonlySet<number> = new Set([UNKNOWN, CONTROL, BYTE]);

/** A piece of a user's beats every way to write it in others (sentencepiece, unigram_model.cc). */
const scoreOf = ({ text, score, kind }: Piece, likeliest: number): number =>
  kind === USER_DEFINED ? Buffer.byteLength(text) * likeliest - 0.1 : score;

const SPACES = { type: "Metaspace", replacement: "▁" } as const;

const replaced = (pattern: string, content: string) => ({ type: "Replace", pattern: { Regex: pattern }, content });

const BYTES = [
  { type: "Replace", pattern: { String: "▁" }, content: " " },
  { type: "ByteFallback" },
  { type: "Fuse" },
  { type: "Strip", content: " ", start: 1, stop: 0 },
] as const;

function pieceOf(message: ReadonlyMap<number, Field>, file: string): Piece {
  const text = message.get(PIECE.text);
  const score = message.get(PIECE.score) ?? 0;
  if (!(text instanceof Uint8Array) || typeof score !== "number")
    throw new TokenizerError(`${file}: has a piece without its text or score.`, REMEDY);
  return { text: Buffer.from(text).toString("utf8"), score, kind: wholeOf(message.get(PIECE.kind), NORMAL) };
}

const wholeOf = (field: Field | undefined, otherwise: number): number =>
  typeof field === "number" ? field : otherwise;
