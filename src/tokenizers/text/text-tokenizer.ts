/** Text to ids and back: normalize, cut into pieces, look the pieces up, put special tokens around; then all of it backwards. */

import { check, type Options, withDefaults } from "../../base/check.js";
import { ArgumentError, TokenizerError } from "../../base/errors.js";
import { type Tensor, tensor } from "../../engine/tensor.js";
import type { Tokenizer } from "../tokenizer.js";
import type { AddedTokens } from "./added-tokens.js";
import { DecodeStream } from "./decode-stream.js";
import type { Decode } from "./decoders.js";
import { within } from "./effort.js";
import { type Padding, paddedLength, type Truncation, truncate } from "./lengths.js";
import type { Normalize } from "./normalizers.js";
import type { PostProcessor, Segment } from "./post-processors.js";
import type { PreTokenize } from "./pre-tokenizers.js";
import type { TokenBytes } from "./token-bytes.js";
import type { TextModel } from "./vocabulary.js";

/** The parts of a tokenizer file, read. */
export interface TextTokenizerParts {
  readonly label: string;
  readonly warnings: readonly string[];
  /** Whether rules of the file can take long even with a short text. */
  readonly encodingIsCostly: boolean;
  readonly decodingIsCostly: boolean;
  readonly addedTokens: AddedTokens;
  readonly normalize: Normalize;
  readonly preTokenize: PreTokenize;
  readonly model: TextModel;
  readonly postProcessor: PostProcessor;
  readonly decode: Decode;
  /** Null where tokens change their neighbours, so that none has bytes of its own. */
  readonly tokenBytes: TokenBytes | null;
  readonly truncation: Truncation | null;
  readonly padding: Padding | null;
}

export interface EncodeSettings {
  /** The second text of a pair, for models that compare two. */
  readonly pair: string | null;
  /** Whether the file's post-processor adds its tokens, such as </s> or [CLS]. Default true. */
  readonly addSpecialTokens: boolean;
  /** What the spelling of a special token in the text means: the token (default, as in the reference) or plain text. */
  readonly specialsInText: "tokens" | "text";
  /** How a long result is shortened: not at all (default), as the file says, or as stated. */
  readonly truncation: Truncation | "file" | null;
}

export interface EncodeBatchSettings extends EncodeSettings {
  /** How rows are made equally long: not at all (default; then they must be), as the file says, or as stated. */
  readonly padding: Padding | "file" | null;
}

export interface DecodeSettings {
  /** Whether special tokens are left out of the text. Default true. */
  readonly skipSpecialTokens: boolean;
}

/** Rows of ids, as a text encoder takes them. All three are int32 tensors [B, T]. */
export interface TextBatch {
  readonly ids: Tensor;
  /** 0 for the first text of a pair, 1 for the second, where the model distinguishes them. */
  readonly types: Tensor;
  /** 1 at ids of the text and at special tokens, 0 at padding. */
  readonly mask: Tensor;
}

const ENCODE: EncodeSettings = { pair: null, addSpecialTokens: true, specialsInText: "tokens", truncation: null };
const ENCODE_BATCH: EncodeBatchSettings = { ...ENCODE, padding: null };
const DECODE: DecodeSettings = { skipSpecialTokens: true };

const isString = (value: unknown): boolean => typeof value === "string";

export class TextTokenizer implements Tokenizer<string> {
  /** One more than the largest id. Ids below it may be unused, if the file leaves gaps. */
  readonly vocabularySize: number;
  /** What the file asks for and is done otherwise, each with the reason. */
  readonly warnings: readonly string[];

  /** Use `loadTextTokenizer`. */
  constructor(private readonly parts: TextTokenizerParts) {
    this.vocabularySize = Math.max(parts.model.vocabulary.end, parts.addedTokens.end);
    this.warnings = parts.warnings;
  }

  /**
   * The ids of a text. The same ids as Hugging Face `tokenizers` gives for the same file, but for BPE dropout, which is off.
   * Throws ArgumentError for wrong options, TokenizerError for text that cannot be encoded (half a surrogate pair; a character
   * outside of the vocabulary, where the file names no unknown token).
   */
  encode(text: string, options: Options<EncodeSettings> = {}): Int32Array {
    const segments = this.segments(text, withDefaults("encode", ENCODE, options));
    return Int32Array.from(segments.flatMap(({ ids }) => ids as number[]));
  }

  /**
   * The ids of several texts as tensors [B, T]. Throws what `encode` throws, and ArgumentError for an empty batch or for rows
   * of different lengths without padding.
   */
  encodeBatch(texts: readonly string[], options: Options<EncodeBatchSettings> = {}): TextBatch {
    const { padding: wanted, ...settings } = withDefaults("encodeBatch", ENCODE_BATCH, options);
    check("texts", "at least one text", texts, (list) => Array.isArray(list) && list.length > 0);
    const rows = texts.map((text) => this.segments(text, settings));
    const padding = wanted === "file" ? this.stated("padding") : wanted;
    const lengths = rows.map((segments) => segments.reduce((sum, { ids }) => sum + ids.length, 0));
    const length = padding === null ? lengths[0]! : paddedLength(lengths, padding);
    check("texts", `rows of ${length} ids each`, texts, () =>
      lengths.every((each) => each === length || (padding !== null && each < length)),
    );

    const shape = [rows.length, length] as const;
    const ids = new Int32Array(rows.length * length).fill(padding?.id ?? 0);
    const types = new Int32Array(ids.length).fill(padding?.type ?? 0);
    const mask = new Int32Array(ids.length);
    rows.forEach((segments, row) => {
      let at = row * length + (padding?.side === "left" ? length - lengths[row]! : 0);
      for (const segment of segments) {
        ids.set(segment.ids, at);
        types.fill(segment.type, at, at + segment.ids.length);
        mask.fill(1, at, at + segment.ids.length);
        at += segment.ids.length;
      }
    });
    return { ids: tensor(shape, ids), types: tensor(shape, types), mask: tensor(shape, mask) };
  }

  /** The text of ids. Throws TokenizerError for an id that names no token, ArgumentError for wrong options. */
  decode(ids: ArrayLike<number>, options: Options<DecodeSettings> = {}): string {
    const { skipSpecialTokens } = withDefaults("decode", DECODE, options);
    const tokens: string[] = [];
    for (const id of Array.from(ids)) {
      const added = this.parts.addedTokens.withId(id);
      const token = added?.decoded ?? this.parts.model.vocabulary.tokenOf(id);
      if (token === undefined) throw this.unknownId(id);
      if (!skipSpecialTokens || !(added?.special ?? this.parts.addedTokens.isSpecial(token))) tokens.push(token);
    }
    const characters = tokens.reduce((sum, token) => sum + token.length, 0);
    const { label, decodingIsCostly: costly } = this.parts;
    return within({ label, characters, costly }, () => this.parts.decode(tokens).join(""));
  }

  /** A decoder for ids that arrive one by one; see DecodeStream. */
  decodeStream(options: Options<DecodeSettings> = {}): DecodeStream {
    const settings = withDefaults("decodeStream", DECODE, options);
    return new DecodeStream((ids) => this.decode(ids, settings));
  }

  /** The id of a token, written as in the vocabulary, or undefined. */
  idOf(token: string): number | undefined {
    return this.parts.addedTokens.named(token)?.id ?? this.parts.model.vocabulary.idOf(token);
  }

  /** The token of an id, written as in the vocabulary, or undefined. */
  tokenOf(id: number): string | undefined {
    return this.parts.addedTokens.withId(id)?.content ?? this.parts.model.vocabulary.tokenOf(id);
  }

  /**
   * The bytes that a token adds to a text after other tokens: not always whole characters. Null for special tokens and for ids
   * that name none. Throws TokenizerError where tokens have no bytes of their own, as in WordPiece files.
   */
  bytesOf(id: number): Uint8Array | null {
    const { tokenBytes, addedTokens, model, label } = this.parts;
    if (tokenBytes === null)
      throw new TokenizerError(
        `${label}: its tokens have no bytes of their own; what one adds to a text depends on its neighbours.`,
        "Use a tokenizer with a ByteLevel, Metaspace or ByteFallback decoder.",
      );
    const token = addedTokens.withId(id)?.decoded ?? model.vocabulary.tokenOf(id);
    if (token === undefined || (addedTokens.withId(id)?.special ?? addedTokens.isSpecial(token))) return null;
    return tokenBytes(token);
  }

  private segments(text: string, settings: EncodeSettings): readonly Segment[] {
    check(
      "specialsInText",
      '"tokens" or "text"',
      settings.specialsInText,
      (value) => value === "tokens" || value === "text",
    );
    const texts = settings.pair === null ? [text] : [text, settings.pair];
    for (const each of texts) refuseUnencodable(each);
    const { postProcessor, label, encodingIsCostly: costly } = this.parts;
    const truncation = settings.truncation === "file" ? this.stated("truncation") : settings.truncation;
    const added = settings.addSpecialTokens ? postProcessor.added(texts.length === 2) : 0;
    const characters = texts.reduce((sum, { length }) => sum + length, 0);
    return within({ label, characters, costly }, () => {
      const plain = texts.map((each) => this.plainIds(each, settings.specialsInText));
      const kept = truncation === null ? plain : truncate(plain, added, truncation);
      return postProcessor.process(
        kept.map((ids, type) => ({ ids, type })),
        settings.addSpecialTokens,
      );
    });
  }

  /** The ids of one text without those of the post-processor. */
  private plainIds(text: string, specialsInText: "tokens" | "text"): number[] {
    const { addedTokens, normalize, preTokenize, model } = this.parts;
    const ids: number[] = [];
    for (const part of addedTokens.extract(text, normalize, specialsInText)) {
      if (typeof part === "number") ids.push(part);
      else for (const piece of preTokenize([part])) model.tokenize(piece.text, ids);
    }
    return ids;
  }

  private stated<K extends "truncation" | "padding">(name: K): NonNullable<TextTokenizerParts[K]> {
    const stated = this.parts[name];
    if (stated === null) throw new ArgumentError(name, `settings, as ${this.parts.label} states none`, "file");
    return stated;
  }

  private unknownId(id: number): TokenizerError {
    return new TokenizerError(
      `${this.parts.label}: the id ${id} names no token; there are ${this.vocabularySize} ids, some of which may be unused.`,
      "Let the model choose only among ids of this tokenizer, or use the tokenizer that belongs to the model.",
    );
  }
}

function refuseUnencodable(text: string): void {
  check("text", "a string", text, isString);
  if (/\p{Cs}/u.test(text)) {
    throw new TokenizerError(
      "The text holds half of a surrogate pair, which is not a character and has no UTF-8 form.",
      "Cut texts between whole characters ([...text]), or repair this one with text.toWellFormed().",
    );
  }
}
