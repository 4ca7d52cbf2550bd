/** Post-processors: put special tokens around the ids of one text, or of a pair; one row a "type" of the file. */
import { TokenizerError } from "../../base/errors.js";
import { grow } from "./effort.js";
import type { Cursor } from "./json-cursor.js";

/** Ids that belong together, and the number that tells the model which text they are from (BERT's segment). */
export interface Segment {
  readonly ids: readonly number[];
  readonly type: number;
}

export interface PostProcessor {
  /** How many ids are added to one text, or to a pair. */
  added(pair: boolean): number;
  /** One or two segments in; any number out, in their order in the result. With `special` false nothing is added. */
  process(segments: readonly Segment[], special: boolean): readonly Segment[];
}

export const NO_POST_PROCESSOR: PostProcessor = { added: () => 0, process: (segments) => segments };

type Piece =
  | { readonly sequence: 0 | 1; readonly type: number }
  | { readonly ids: readonly number[]; readonly type: number };

const POST_PROCESSORS: Readonly<Record<string, (part: Cursor) => PostProcessor>> = {
  ByteLevel: () => NO_POST_PROCESSOR, // it trims offsets, which are not computed here
  Sequence: (part) => {
    const steps = part.at("processors").list().map(readPostProcessor);
    return {
      added: (pair) => steps.reduce((sum, step) => sum + step.added(pair), 0),
      process: (segments, special) => steps.reduce((out, step) => step.process(out, special), segments),
    };
  },
  TemplateProcessing: (part) => {
    const specials = new Map<string, readonly number[]>();
    for (const name of Object.keys(part.at("special_tokens").members())) {
      const ids = part.at("special_tokens").at(name).at("ids").list();
      specials.set(
        name,
        ids.map((id) => id.integer()),
      );
    }
    const single = part
      .at("single")
      .list()
      .map((piece) => readTemplatePiece(piece, specials));
    const pair = part
      .at("pair")
      .list()
      .map((piece) => readTemplatePiece(piece, specials));
    return template(part, single, pair);
  },
  BertProcessing: (part) => {
    const cls = [readNamedId(part.at("cls"))];
    const sep = [readNamedId(part.at("sep"))];
    return wrapping(([a, b]) => [
      { ids: cls, type: 0 },
      { ids: a!.ids, type: 0 },
      { ids: sep, type: 0 },
      ...(b === undefined
        ? []
        : [
            { ids: b.ids, type: 1 },
            { ids: sep, type: 1 },
          ]),
    ]);
  },
  RobertaProcessing: (part) => {
    const cls = { ids: [readNamedId(part.at("cls"))], type: 0 };
    const sep = { ids: [readNamedId(part.at("sep"))], type: 0 };
    const plain = (segment: Segment) => ({ ids: segment.ids, type: 0 });
    return wrapping(
      ([a, b]) => [cls, plain(a!), sep, ...(b === undefined ? [] : [sep, plain(b), sep])],
      (segments) => segments.map(plain),
    );
  },
};

export const readPostProcessor = (part: Cursor): PostProcessor => part.byType(POST_PROCESSORS);

/** [CLS] A [SEP] and [CLS] A [SEP] B [SEP], in BERT's and RoBERTa's ways. */
function wrapping(
  wrap: (segments: readonly Segment[]) => readonly Segment[],
  plain: (segments: readonly Segment[]) => readonly Segment[] = (segments) => segments,
): PostProcessor {
  const empty = (pair: boolean) => Array.from({ length: pair ? 2 : 1 }, () => ({ ids: [], type: 0 }));
  return {
    added: (pair) => wrap(empty(pair)).reduce((sum, { ids }) => sum + ids.length, 0),
    process: (segments, special) => (special ? wrap(segments) : plain(segments)),
  };
}

function template(part: Cursor, single: readonly Piece[], pair: readonly Piece[]): PostProcessor {
  return {
    added: (isPair) =>
      (isPair ? pair : single).reduce((sum, piece) => sum + ("ids" in piece ? piece.ids.length : 0), 0),
    process(segments, special) {
      if (segments.length > 2) {
        throw new TokenizerError(
          `${part.file.label}: ${part.path.join(".")} is applied to ${segments.length} segments; a template takes one or two.`,
          "Let no other post-processor that adds tokens stand before the template.",
        );
      }
      return (segments.length === 2 ? pair : single).flatMap((piece): Segment[] => {
        if ("ids" in piece && !special) return [];
        const ids = "ids" in piece ? piece.ids : segments[piece.sequence]?.ids;
        if (ids === undefined) return [];
        grow(ids.length); // a template may repeat what it is given
        return [{ ids, type: piece.type }];
      });
    },
  };
}

/** { "Sequence": { "id": "A", "type_id": 0 } } or { "SpecialToken": { "id": "[CLS]", "type_id": 0 } }. */
function readTemplatePiece(part: Cursor, specials: ReadonlyMap<string, readonly number[]>): Piece {
  if (part.has("Sequence")) {
    const sequence = part.at("Sequence");
    return { sequence: sequence.at("id").oneOf(["A", "B"]) === "A" ? 0 : 1, type: sequence.at("type_id").integer() };
  }
  const token = part.at("SpecialToken");
  if (token.value === undefined) part.fail('must be a "Sequence" or a "SpecialToken"');
  const ids = specials.get(token.at("id").string());
  if (ids === undefined) return token.at("id").fail("is not among the special_tokens of the template");
  return { ids, type: token.at("type_id").integer() };
}

/** ["[CLS]", 101] */
function readNamedId(part: Cursor): number {
  const id = part.list()[1];
  if (id === undefined) part.fail('must be ["token", id]');
  return id.integer();
}
