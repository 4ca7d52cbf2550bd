/** The tokens of a vocabulary as a tree of their bytes, in depth-first order, so that one walk tries all of them at once. */

export class TokenTree {
  /** Ids below this may occur. */
  readonly size: number;
  private readonly labels: Uint8Array; //  [nodes] the byte that leads to the node
  private readonly depths: Uint16Array; // [nodes] bytes up to and with it
  private readonly behind: Int32Array; //  [nodes] the node after all that lie below it
  private readonly counts: Uint16Array; // [nodes] how many tokens end there
  private readonly firsts: Int32Array; //  [nodes] the first of these in `ids`
  private readonly ids: Int32Array; //     [tokens] in the order of their bytes
  private readonly deepest: number;
  /** Whether each byte that UTF-8 has is a token of its own: then every text can be spelled, and ended anywhere. */
  readonly spellsAll: boolean;

  /** `spelled[id]` are the bytes that a token adds to a text; null for one that adds none, or that may not be used. */
  constructor(spelled: readonly (Uint8Array | null)[]) {
    this.size = spelled.length;
    const order = spelled.flatMap((bytes, id) => (bytes && bytes.length > 0 && bytes.length < 2 ** 16 ? [id] : []));
    order.sort((a, b) => compare(spelled[a]!, spelled[b]!) || a - b);
    const nodes = {
      labels: [] as number[],
      depths: [] as number[],
      behind: [] as number[],
      counts: [] as number[],
      firsts: [] as number[],
    };
    const path: number[] = []; // the nodes that lead to the last token
    let last: Uint8Array = new Uint8Array();
    let deepest = 0;
    order.forEach((id, rank) => {
      const bytes = spelled[id]!;
      let shared = 0;
      while (shared < last.length && shared < bytes.length && last[shared] === bytes[shared]) shared++;
      for (const node of path.splice(shared)) nodes.behind[node] = nodes.labels.length;
      for (let depth = shared; depth < bytes.length; depth++) {
        path.push(nodes.labels.length);
        nodes.labels.push(bytes[depth]!);
        nodes.depths.push(depth + 1);
        nodes.counts.push(0);
        nodes.firsts.push(rank);
      }
      nodes.counts[path.at(-1)!]!++; // equal texts stand side by side
      last = bytes;
      deepest = Math.max(deepest, bytes.length);
    });
    for (const node of path) nodes.behind[node] = nodes.labels.length;
    this.labels = Uint8Array.from(nodes.labels);
    this.depths = Uint16Array.from(nodes.depths);
    this.behind = Int32Array.from(nodes.behind);
    this.counts = Uint16Array.from(nodes.counts);
    this.firsts = Int32Array.from(nodes.firsts);
    this.ids = Int32Array.from(order);
    this.deepest = deepest;
    const alone = new Set(order.filter((id) => spelled[id]!.length === 1).map((id) => spelled[id]![0]!));
    this.spellsAll = UTF8_BYTES.every((byte) => alone.has(byte));
  }

  /** Calls `visit(id, state)` for every token that can be followed byte by byte from `state`; `next` gives -1 where nothing follows. */
  walk(state: number, next: (state: number, byte: number) => number, visit: (id: number, state: number) => void): void {
    const { labels, depths, behind, counts, firsts, ids } = this;
    const states = new Int32Array(this.deepest + 1);
    states[0] = state;
    for (let node = 0; node < labels.length; ) {
      const depth = depths[node]!;
      const reached = next(states[depth - 1]!, labels[node]!);
      if (reached < 0) {
        node = behind[node]!;
        continue;
      }
      states[depth] = reached;
      for (let i = 0; i < counts[node]!; i++) visit(ids[firsts[node]! + i]!, reached);
      node++;
    }
  }
}

/** Bytes that occur in UTF-8. */
const UTF8_BYTES = Array.from({ length: 256 }, (_, byte) => byte).filter(
  (byte) => byte !== 0xc0 && byte !== 0xc1 && byte < 0xf5,
);

function compare(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}
