/** Truncation and padding, as tokenizer files state them and as callers may. Reference: tokenizers, utils/{truncation,padding}.rs. */
import { TokenizerError } from "../../base/errors.js";
import type { Cursor } from "./json-cursor.js";

export type Side = "left" | "right";

export interface Truncation {
  /** The most ids that a result may have, special tokens included. */
  readonly length: number;
  /** From which end ids are taken away. Default "right". */
  readonly side?: Side | undefined;
  /** Which text of a pair gives ids up. Default "longest". */
  readonly from?: "longest" | "first" | "second" | undefined;
}

export interface Padding {
  /** Every result has this length, or that of the longest of the batch. Default "longest". */
  readonly length?: number | "longest" | undefined;
  /** The length is rounded up to a multiple of this. Default 1. */
  readonly multipleOf?: number | undefined;
  /** On which end padding is put. Default "right". */
  readonly side?: Side | undefined;
  readonly id: number;
  readonly type?: number | undefined;
}

export function readTruncation(part: Cursor): Truncation {
  const from = { LongestFirst: "longest", OnlyFirst: "first", OnlySecond: "second" } as const;
  const strategy = part.at("strategy").oneOf(["LongestFirst", "OnlyFirst", "OnlySecond"], "LongestFirst");
  return { length: part.at("max_length").integer(), side: readSide(part), from: from[strategy] };
}

export function readPadding(part: Cursor): Padding {
  const strategy = part.at("strategy");
  const longest = strategy.value === undefined || strategy.value === "BatchLongest";
  return {
    length: longest ? "longest" : strategy.at("Fixed").integer(),
    multipleOf: part.at("pad_to_multiple_of").integer(1) || 1,
    side: readSide(part),
    id: part.at("pad_id").integer(),
    type: part.at("pad_type_id").integer(0),
  };
}

const readSide = (part: Cursor): Side =>
  part.at("direction").oneOf(["Left", "Right"], "Right") === "Left" ? "left" : "right";

/** Shortens one text, or a pair, so that with `added` special tokens the whole is not longer than asked. */
export function truncate(
  texts: readonly number[][],
  added: number,
  { length, side, from = "longest" }: Truncation,
): number[][] {
  const room = length - added;
  if (room < 0) {
    throw new TokenizerError(
      `A text cannot be truncated to ${length} ids: the special tokens alone are ${added}.`,
      "Ask for a greater length, or pass addSpecialTokens: false.",
    );
  }
  const total = texts.reduce((sum, ids) => sum + ids.length, 0);
  if (total <= room) return [...texts];
  const cut = (ids: number[], keep: number) =>
    keep >= ids.length ? ids : side === "left" ? ids.slice(ids.length - keep) : ids.slice(0, keep);
  const [first = [], second] = texts;
  if (from === "longest" || room === 0) {
    if (second === undefined) return [cut(first, room)];
    const [a, b] = shares(first.length, second.length, room);
    return [cut(first, a), cut(second, b)];
  }
  const giving = from === "first" ? first : second;
  if (giving === undefined || giving.length <= total - room) {
    throw new TokenizerError(
      `The ${from} text is too short to be truncated so that all fits into ${length} ids.`,
      'Pass from: "longest", or a greater length.',
    );
  }
  const kept = cut(giving, giving.length - (total - room));
  return from === "first" ? [kept, ...texts.slice(1)] : [first, kept];
}

/**
 * How many ids each text of a pair keeps: the shorter all of it if that leaves room, else each a half, of which the first text gets
 * the larger one only where it is the longer text and the other would fit in by itself.
 */
function shares(a: number, b: number, room: number): [number, number] {
  const shorter = Math.min(a, b);
  const rest = shorter > room ? shorter : Math.max(shorter, room - shorter);
  const [low, high] = shorter + rest > room ? [Math.floor(room / 2), room - Math.floor(room / 2)] : [shorter, rest];
  return a <= b || shorter >= room ? [low, high] : [high, low];
}

/** Ids in a padded batch: as many as 4096 rows of 4096. */
const LARGEST_BATCH = 2 ** 24;

/** The common length of padded rows. Throws TokenizerError for batches that would have more than 16,777,216 ids. */
export function paddedLength(lengths: readonly number[], { length = "longest", multipleOf = 1 }: Padding): number {
  const wanted = length === "longest" ? lengths.reduce((most, each) => Math.max(most, each), 0) : length;
  const padded = Math.ceil(wanted / multipleOf) * multipleOf;
  if (padded * lengths.length > LARGEST_BATCH) {
    throw new TokenizerError(
      `Padding ${lengths.length} texts to ${padded} ids each would make more than ${LARGEST_BATCH} ids.`,
      "Pass padding with a smaller length, or fewer texts at a time.",
    );
  }
  return padded;
}
