/**
 * What may stand where: pictures of some models are lines of image tokens with marks between them, which are not drawn but
 * set. Positions count the tokens from 0, marks included.
 */
import { check, isIntegerIn } from "../../base/check.js";

/** The ids of a position: a single one, which is forced, or all from `first` to `last`. */
export type Allowed =
  | { readonly kind: "forced"; readonly id: number }
  | { readonly kind: "range"; readonly first: number; readonly last: number };

export interface TokenLayout {
  /** Tokens from one line to the next, its mark included; infinite where there is one line. */
  readonly rowLength: number;
  /** What may stand at a position, 0 and up. */
  allowed(position: number): Allowed;
}

/** Lines without marks, of any of `vocabulary` ids: LlamaGen, NAR, Janus. Throws ArgumentError for sizes below 1. */
export function rasterLayout(columns: number, vocabulary: number): TokenLayout {
  check("layout.columns", "a whole number of at least 1", columns, isIntegerIn(1, 2 ** 24));
  check("layout.vocabulary", "a whole number of at least 1", vocabulary, isIntegerIn(1, 2 ** 24));
  const any: Allowed = { kind: "range", first: 0, last: vocabulary - 1 };
  return { rowLength: columns, allowed: () => any };
}

/** One line without end, of any of `vocabulary` ids: text, speech. */
export function lineLayout(vocabulary: number): TokenLayout {
  return { ...rasterLayout(1, vocabulary), rowLength: Number.POSITIVE_INFINITY };
}

/** Lines of image tokens, a mark after each; then further marks, and `padding` to the end where it is given. */
export interface MarkedLines {
  readonly columns: number;
  readonly rows: number;
  /** The first and the last id of an image token. */
  readonly image: readonly [first: number, last: number];
  readonly endOfLine: number;
  /** What follows the last line, in order. */
  readonly end: readonly number[];
  /** Stands at every position after `end`; null: lines go on as before, for a decoder that stops by itself. */
  readonly padding: number | null;
}

/**
 * The layout of Lumina-mGPT (end: its end-of-image; no padding) and of Emu3 (end: end of frame, of image, of sequence; then
 * padding), from the first token after their size and begin marks on. Throws ArgumentError for sizes below 1.
 */
export function markedLayout({ columns, rows, image, endOfLine, end, padding }: MarkedLines): TokenLayout {
  check("layout.columns", "a whole number of at least 1", columns, isIntegerIn(1, 2 ** 24));
  check("layout.rows", "a whole number of at least 1", rows, isIntegerIn(1, 2 ** 24));
  check("layout.image", "two ids in order", image, ([first, last]) => isIntegerIn(0, last)(first));
  const rowLength = columns + 1;
  const behind = rowLength * rows;
  const any: Allowed = { kind: "range", first: image[0], last: image[1] };
  const forced = (id: number): Allowed => ({ kind: "forced", id });
  return {
    rowLength,
    allowed(position) {
      const after = position - behind;
      if (after >= 0 && after < end.length) return forced(end[after]!);
      if (after >= 0 && padding !== null) return forced(padding);
      return (position + 1) % rowLength === 0 ? forced(endOfLine) : any;
    },
  };
}
