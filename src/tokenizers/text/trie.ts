import { TokenizerError } from "../../base/errors.js";

/** Characters of all entries: those of a million pieces. More would take gigabytes. */
const MOST_CHARACTERS = 2 ** 23;

/**
 * A read-only trie over UTF-16 code units, in three typed arrays: the nodes in breadth-first order, so that the children of a
 * node lie side by side, sorted by label, and are found by bisection. 250,000 pieces take a few megabytes.
 */
export class Trie {
  private readonly labels: Uint16Array; //    [nodes]      the code unit that leads to the node
  private readonly firstChild: Int32Array; // [nodes + 1]  children of i: firstChild[i] … firstChild[i + 1] - 1
  private readonly values: Int32Array; //     [nodes]      -1 where no entry ends

  /** Keys must not be empty; values are integers of at least 0. Throws TokenizerError for more than 2^23 characters in all. */
  constructor(entries: ReadonlyMap<string, number>) {
    let most = 1; // nodes
    for (const key of entries.keys()) most += key.length;
    if (most > MOST_CHARACTERS) {
      throw new TokenizerError(
        `The tokens of the file have ${most - 1} characters in all, more than any vocabulary has.`,
        "Use the tokenizer file of the model's authors.",
      );
    }
    const keys = [...entries.keys()].sort((a, b) => (a < b ? -1 : 1)); // by code units
    const labels = new Uint16Array(most);
    const values = new Int32Array(most).fill(-1);
    const firstChild = new Int32Array(most + 1);
    const from = new Int32Array(most); // a node stands for keys[from] … keys[to - 1], which agree up to its depth
    const to = new Int32Array(most);
    const depths = new Int32Array(most);
    to[0] = keys.length;
    let nodes = 1;
    for (let node = 0; node < nodes; node++) {
      const depth = depths[node]!;
      let index = from[node]!;
      firstChild[node] = nodes;
      if (index < to[node]! && keys[index]!.length === depth) values[node] = entries.get(keys[index++]!)!;
      while (index < to[node]!) {
        const label = keys[index]!.charCodeAt(depth);
        from[nodes] = index;
        while (index < to[node]! && keys[index]!.charCodeAt(depth) === label) index++;
        to[nodes] = index;
        labels[nodes] = label;
        depths[nodes++] = depth + 1;
      }
    }
    firstChild[nodes] = nodes;
    this.labels = labels.slice(0, nodes);
    this.firstChild = firstChild.slice(0, nodes + 1);
    this.values = values.slice(0, nodes);
  }

  /** Calls `visit(end, value)` for every entry that starts at `start` of `text`, shortest first. */
  prefixes(text: string, start: number, visit: (end: number, value: number) => void): void {
    let node = 0;
    for (let position = start; position < text.length; ) {
      node = this.child(node, text.charCodeAt(position++));
      if (node < 0) return;
      const value = this.values[node]!;
      if (value >= 0) visit(position, value);
    }
  }

  /** The longest entry that starts at `start` of `text`, or null. */
  longest(text: string, start: number): { readonly end: number; readonly value: number } | null {
    let found: { end: number; value: number } | null = null;
    this.prefixes(text, start, (end, value) => {
      found = { end, value };
    });
    return found;
  }

  private child(node: number, label: number): number {
    let low = this.firstChild[node]!;
    let high = this.firstChild[node + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const found = this.labels[middle]!;
      if (found === label) return middle;
      if (found < label) low = middle + 1;
      else high = middle;
    }
    return -1;
  }
}
