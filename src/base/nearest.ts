/** Names near to a mistyped one, by the number of edits between them. */

/** Longer words are not compared: the cost is the product of the lengths, and nobody mistypes a page. */
const LONGEST = 64;

/** The `names` nearest to `word`, at most three, nearest first; none where all are too different to be meant. */
export function nearest(word: string, names: Iterable<string>): readonly string[] {
  if (word.length > LONGEST) return [];
  const near: { readonly name: string; readonly edits: number }[] = [];
  for (const name of names) {
    if (name.length > LONGEST) continue;
    const edits = editsBetween(plain(word), plain(name));
    if (edits <= Math.max(1, Math.floor(Math.min(word.length, name.length) / 3))) near.push({ name, edits });
  }
  const fewest = Math.min(...near.map(({ edits }) => edits));
  return near
    .filter(({ edits }) => edits === fewest)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `Did you mean "prompt"? `, or nothing. */
export function didYouMean(word: string, names: Iterable<string>): string {
  const near = nearest(word, names).map((name) => `"${name}"`);
  return near.length === 0 ? "" : `Did you mean ${near.join(" or ")}? `;
}

/** Letters and digits in lower case: hyphens and capitals are no difference. */
const plain = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, "");

/** Insertions, removals, replacements and swaps of neighbouring letters (optimal string alignment distance). */
function editsBetween(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, before[j - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
