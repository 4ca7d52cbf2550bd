/**
 * Text while its ids arrive. What an id means may depend on its neighbours (bytes of one character, spaces between words), so a
 * short window of ids is decoded again at each step, and only what later ids cannot change any more is given out.
 */

/** Longest wait for a broken byte sequence to become whole. A character is at most 4 ids long, a fallback run is rarely 20. */
const LONGEST_WINDOW = 64;

export class DecodeStream {
  private window: number[] = [];
  /** How many ids of the window were there when it last ended between two characters. */
  private settled = 0;
  /** How much of the window's text has been given out. */
  private given = 0;

  /** Use `TextTokenizer.decodeStream()`. */
  constructor(private readonly decode: (ids: readonly number[]) => string) {}

  /**
   * Takes one more id and returns the text that is now certain, often "". Characters that are not whole yet are held back.
   * All results of `push` and the one of `end`, joined, are the text of all ids; only where byte tokens are no UTF-8 may the
   * number of U+FFFD differ, as `decode` gives up a whole run of them at once. Throws TokenizerError for an id of no token.
   */
  push(id: number): string {
    const ids = [...this.window, id];
    const text = this.decode(ids);
    this.window = ids;
    const broken = text.endsWith("\ufffd");
    const certain = broken && ids.length < LONGEST_WINDOW ? text.replace(/\ufffd+$/, "") : text;
    if (certain.length <= this.given) return "";
    const out = certain.slice(this.given);
    this.given = certain.length;
    if (certain.length === text.length) this.forget();
    return out;
  }

  /** Ends the text and returns what was still held back; a character that never became whole is U+FFFD. */
  end(): string {
    const out = this.decode(this.window).slice(this.given);
    this.window = [];
    this.settled = this.given = 0;
    return out;
  }

  /** Drops the ids before the last ones that gave text; these stay, because the next word may need to see them. */
  private forget(): void {
    this.window = this.window.slice(this.settled);
    this.settled = this.window.length;
    this.given = this.decode(this.window).length;
  }
}
