/** A text as its graphemes, what a reader takes for one character (Unicode UAX 29, extended grapheme clusters). */

/** Made when it is first needed: making it takes longer than reading most texts. */
let segmenter: Intl.Segmenter | undefined;

/** Intl.Segmenter needs time in proportion to the text for each grapheme, so it is given this much of it at first. */
const CHUNK = 64;

export function* graphemesOf(text: string): Generator<string> {
  for (let position = 0; position < text.length; ) {
    if (isSimple(text, position) && isSimple(text, position + 1)) {
      yield text[position++]!;
      continue;
    }
    for (const grapheme of wholeGraphemes(text, position)) {
      yield grapheme;
      position += grapheme.length;
    }
  }
}

/** At least one grapheme from `start` on; the last one of a chunk may go on after it, and is left for the next. */
function wholeGraphemes(text: string, start: number): string[] {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (let size = CHUNK; ; size *= 4) {
    const end = start + size + (text.codePointAt(start + size - 1)! > 0xffff ? 1 : 0); // never between surrogates
    const found = Array.from(segmenter.segment(text.slice(start, end)), ({ segment }) => segment);
    if (end >= text.length) return found;
    if (found.length > 1) return found.slice(0, -1);
  }
}

/** Below U+0300 nothing combines, but for CR LF: between two simple characters a grapheme ends, as at the end of the text. */
function isSimple(text: string, position: number): boolean {
  const unit = position < text.length ? text.charCodeAt(position) : 0x20;
  return unit < 0x300 && unit !== 0x0d;
}
