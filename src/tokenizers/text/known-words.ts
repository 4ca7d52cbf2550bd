/** The words of the captions that a model was trained on, and which of them a strange one is nearest to in meaning or in spelling. */

const WORD = /\p{L}[\p{L}\p{M}'’]*/gu;

/** Words that say nothing about a picture: their absence from the captions is no reason to warn. */
const PLAIN = new Set(
  "a an and at by for from her his in is it its my of on or our the their this to with your".split(" "),
);

export class KnownWords {
  private readonly words: ReadonlySet<string>;
  private readonly meanings = new Map<string, string[]>();

  /** @param meanings for a known thing the strange nouns that mean it, or a kind of it; a noun may mean several. */
  constructor(words: Iterable<string>, meanings: Readonly<Record<string, readonly string[]>> = {}) {
    this.words = new Set(words);
    for (const [known, nouns] of Object.entries(meanings)) {
      for (const noun of nouns) {
        const things = this.meanings.get(noun);
        if (things) things.push(known);
        else this.meanings.set(noun, [known]);
      }
    }
  }

  /** The words of a text that no caption had, in lower case, each once. A plural of a known word is known. */
  strange(text: string): readonly string[] {
    const found = text.toLowerCase().normalize("NFC").match(WORD) ?? [];
    return [...new Set(found)].filter((word) => !this.knows(word));
  }

  /**
   * At most `most` known words: those that mean the same or something more general; where none is known to, those that differ from this one by
   * the fewest letters, and by no more than a third of it, the nearest first.
   */
  near(word: string, most: number): readonly string[] {
    for (const form of formsOf(word)) {
      const things = this.meanings.get(form);
      if (things) return things.slice(0, most);
    }
    const limit = Math.floor(word.length / 3);
    const found: { readonly known: string; readonly far: number }[] = [];
    for (const known of this.words) {
      if (Math.abs(known.length - word.length) > limit) continue;
      const far = editDistance(word, known);
      if (far <= limit) found.push({ known, far });
    }
    found.sort((a, b) => a.far - b.far || (a.known < b.known ? -1 : 1));
    return found.slice(0, most).map(({ known }) => known);
  }

  private knows(word: string): boolean {
    return PLAIN.has(word) || formsOf(word).some((form) => this.words.has(form));
  }
}

/** The word itself, without a possessive, and what it may be the plural of. */
function formsOf(word: string): readonly string[] {
  const bare = word.replace(/['’]s?$/u, "");
  return [word, bare, bare.replace(/s$/, ""), bare.replace(/es$/, ""), bare.replace(/ies$/, "y")];
}

/** Letters to put in, leave out, change or swap with the next until one word is the other (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
