/** Texts to ids and back, by a tokenizer file: whole texts, pairs, prefixes of ids, truncation and padding. All of it exact. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { TesseraError } from "../../../src/base/errors.js";
import type { Padding, Truncation } from "../../../src/tokenizers/text/lengths.js";
import { loadTextTokenizer } from "../../../src/tokenizers/text/load-text-tokenizer.js";
import type { TextBatch, TextTokenizer } from "../../../src/tokenizers/text/text-tokenizer.js";
import type { GoldenCase } from "../case.js";
import type { Comparison } from "../compare.js";

interface Decoded {
  readonly ids: readonly number[];
  readonly decode: string;
  readonly decode_skip?: string;
}

interface Encoded {
  readonly ids: readonly number[];
  readonly type_ids: readonly number[];
  readonly attention_mask?: readonly number[];
}

interface Refused {
  readonly error: true;
}

/** How the reference shortens and pads. Where it has no results, it was not asked. */
interface Lengths {
  readonly truncation: {
    readonly max_length: number;
    readonly strategy: keyof typeof FROM;
    readonly direction: "left" | "right";
  } | null;
  readonly padding: {
    readonly direction: "left" | "right";
    readonly length?: number;
    readonly pad_to_multiple_of?: number;
    readonly pad_id: number;
    readonly pad_type_id: number;
  } | null;
  readonly add_special_tokens: boolean;
  readonly batch?: readonly (Encoded | Refused)[];
  readonly pairs?: readonly (Encoded | Refused)[];
}

interface Records {
  readonly strings?: readonly (Decoded & { readonly text: string; readonly plain: readonly number[] })[];
  readonly id_lists?: readonly Decoded[];
  readonly prefixes?: readonly Decoded[];
  readonly pairs?: readonly (Encoded & { readonly a: string; readonly b: string })[];
  readonly texts?: readonly string[];
  readonly pair_texts?: readonly (readonly [string, string])[];
  readonly settings?: readonly Lengths[];
}

const FROM = { longest_first: "longest", only_first: "first", only_second: "second" } as const;

export async function* tokenizers(folder: string, golden: GoldenCase): AsyncIterable<Comparison> {
  const files = golden.files as { readonly extra: string; readonly tokenizer: string };
  const records = JSON.parse(await readFile(path.join(folder, files.extra), "utf8")) as Records;
  const tokenizer = await loadTextTokenizer(path.join(folder, files.tokenizer));
  const { strings, id_lists, prefixes, pairs, settings } = records;
  if (strings) {
    yield all("ids of texts", strings, ({ text, ids, plain }) => [
      [Array.from(tokenizer.encode(text)), ids],
      [Array.from(tokenizer.encode(text, { addSpecialTokens: false })), plain],
    ]);
    yield all("texts of these", strings, (line) => decoded(tokenizer, line));
  }
  if (id_lists) yield all("texts of any ids", id_lists, (line) => decoded(tokenizer, line));
  if (prefixes)
    yield all("texts of prefixes", prefixes, (line) => [...decoded(tokenizer, line), ...streamed(tokenizer, line)]);
  if (pairs)
    yield all("pairs", pairs, ({ a, b, ids, type_ids }) => {
      const found = tokenizer.encodeBatch([a], { pair: b });
      return [[rowsOf(found)[0]!, { ids, type_ids, attention_mask: ids.map(() => 1) }]];
    });
  if (settings) yield all("lengths", settings, (lengths) => shortened(tokenizer, records, lengths));
}

type Pair = readonly [found: unknown, expected: unknown];

const decoded = (tokenizer: TextTokenizer, { ids, decode, decode_skip }: Decoded): Pair[] => [
  [tokenizer.decode(ids, { skipSpecialTokens: false }), decode],
  ...(decode_skip === undefined ? [] : [[tokenizer.decode(ids), decode_skip] as const]),
];

/**
 * The same text, id by id. Where ids end within a character the reference takes back what stands before it in a run of bytes, which a stream
 * has told already: such prefixes are left out.
 */
function streamed(tokenizer: TextTokenizer, { ids, decode }: Decoded): Pair[] {
  if (decode.includes("\ufffd")) return [];
  const stream = tokenizer.decodeStream({ skipSpecialTokens: false });
  return [[ids.map((id) => stream.push(id)).join("") + stream.end(), decode]];
}

function shortened(tokenizer: TextTokenizer, { texts, pair_texts }: Records, lengths: Lengths): Pair[] {
  const { batch, pairs, add_special_tokens: addSpecialTokens } = lengths;
  const settings = { addSpecialTokens, truncation: truncationOf(lengths), padding: paddingOf(lengths) };
  const singles = (texts ?? []).map((text) => [text, null] as const);
  return [...compared(tokenizer, singles, batch, settings), ...compared(tokenizer, pair_texts ?? [], pairs, settings)];
}

/** Each row alone, padded as in its batch; what the reference refuses must be refused. */
function compared(
  tokenizer: TextTokenizer,
  texts: readonly (readonly [string, string | null])[],
  expected: readonly (Encoded | Refused)[] = [],
  settings: {
    readonly addSpecialTokens: boolean;
    readonly truncation: Truncation | null;
    readonly padding: Padding | null;
  },
): Pair[] {
  const { padding, ...alone } = settings;
  const encoded = ([text, pair]: readonly [string, string | null]) =>
    rowsOf(tokenizer.encodeBatch([text], { ...alone, pair }))[0]!;
  // A row is padded to the longest of the batch, or to a length that is stated, which shortens no longer one.
  const longest = (): number =>
    padding?.length === "longest" ? Math.max(...texts.map((text) => encoded(text).ids.length)) : (padding?.length ?? 0);
  const most = Math.ceil((padding ? longest() : 0) / (padding?.multipleOf ?? 1)) * (padding?.multipleOf ?? 1);
  return expected.map((row, i): Pair => {
    const [text, pair] = texts[i]!;
    try {
      const long = encoded(texts[i]!).ids.length > most;
      const [found] = rowsOf(
        tokenizer.encodeBatch([text], {
          ...settings,
          padding: long ? null : padding && { ...padding, length: most },
          pair,
        }),
      );
      if ("error" in row) return [found, row];
      const { ids, type_ids, attention_mask = ids.map(() => 1) } = row;
      return [found, { ids, type_ids, attention_mask }];
    } catch (error) {
      if (!(error instanceof TesseraError)) throw error;
      return ["error" in row ? row : error.message, row];
    }
  });
}

const truncationOf = ({ truncation: t }: Lengths): Truncation | null =>
  t && { length: t.max_length, side: t.direction, from: FROM[t.strategy] };

const paddingOf = ({ padding: p }: Lengths): Padding | null =>
  p && {
    length: p.length ?? "longest",
    multipleOf: p.pad_to_multiple_of ?? 1,
    side: p.direction,
    id: p.pad_id,
    type: p.pad_type_id,
  };

/** The rows of a batch, under the names of the reference. */
function rowsOf({ ids, types, mask }: TextBatch) {
  const [B, T] = ids.shape as readonly [number, number];
  const row = (data: ArrayLike<number>, b: number) => Array.from({ length: T }, (_, t) => data[b * T + t]!);
  return Array.from({ length: B }, (_, b) => ({
    ids: row(ids.data, b),
    type_ids: row(types.data, b),
    attention_mask: row(mask.data, b),
  }));
}

/** One result for a list of records; the first that differs is told. */
function all<R>(name: string, records: readonly R[], pairsOf: (record: R) => readonly Pair[]): Comparison {
  const wrong = records.flatMap((record) =>
    pairsOf(record).filter(([found, expected]) => !isDeepStrictEqual(found, expected)),
  );
  const pass = records.length > 0 && wrong.length === 0;
  const [first] = wrong;
  const note = first
    ? `${wrong.length} differ: ${JSON.stringify(first[0])} instead of ${JSON.stringify(first[1])}`
    : `${records.length} records`;
  return { name, maxAbs: pass ? 0 : 1, maxRel: pass ? 0 : 1, pass, note };
}
