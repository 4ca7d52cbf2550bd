/** The grammar of shape ids: what may come next, given what came before. Every stream that keeps to it is a closed surface. */
import { TokenizerError } from "../../base/errors.js";
import { childrenOf, type Level } from "./level.js";
import { PALETTE } from "./palette.js";
import { surfaceCells } from "./surface-cells.js";
import { colourState, FIRST, type Profile, PROFILES, SHAPE_VOCABULARY, VARIED, DEPTHS } from "./vocabulary.js";
import { solidOf } from "./voxels-of-level.js";

/** What stands at a place of the stream. A node is a level and a number within it. */
export type Expected =
  | { readonly kind: "depth" | "profile" | "mirror" | "symbol" | "end" | "nothing" }
  | { readonly kind: "byte" | "colour"; readonly level: number; readonly node: number };

/** Reads a stream id by id. `expected` and `allowed` speak of the id that comes next. */
export class OctreeWalk {
  depth = 0;
  profile: Profile = "shell";
  /** Bit 4, 2, 1: the half with the greater x, y, z is the mirror image of the other. */
  mirror = 0;
  readonly levels: Level[] = [];
  /** The symbols of the offsets so far. */
  readonly symbols: number[] = [];
  /** Ids read so far. */
  length = 0;
  private next: Expected = { kind: "depth" };
  private symbolsDue = 0;
  /** The nodes of the level whose parents left their colour open, and how many of these have one by now. */
  private open: readonly number[] = [];
  private coloured = 0;

  get expected(): Expected {
    return this.next;
  }

  /** Levels whose nodes all have a byte: the depth to which the shape is known. */
  get known(): number {
    return this.levels.filter(({ keys, bytes }) => bytes.length === keys.length).length;
  }

  /** How many ids, the next one among them, are of the same kind and the same level whatever they are. */
  get ahead(): number {
    if (this.next.kind === "byte") return this.levels[this.next.level]!.keys.length - this.next.node;
    return this.next.kind === "colour" ? this.open.length - this.coloured : 1;
  }

  /** Whether `id` may come next. */
  allows(id: number): boolean {
    const within = (kind: keyof typeof FIRST, size: number, from = 0) =>
      id >= FIRST[kind] + from && id < FIRST[kind] + size;
    switch (this.next.kind) {
      case "depth":
        return within("depth", DEPTHS.most);
      case "profile":
        return within("profile", PROFILES.length);
      case "mirror":
        return this.profile === "shell" ? within("mirror", 8) : id === FIRST.mirror;
      case "colour": {
        const { level } = this.next;
        if (within("palette", PALETTE.length)) return true;
        return id === FIRST.uncoloured || (id === FIRST.varied && level < this.depth - 1);
      }
      case "byte":
        return within("byte", 256, 1) && (this.next.level > 0 || ((id - FIRST.byte) & ~this.rootChildren) === 0);
      case "symbol":
        return within("symbol", 64);
      case "end":
        return id === FIRST.end;
      case "nothing":
        return id === FIRST.pad; // what stands behind the end while other items of a batch go on
    }
  }

  /** A flag for each id of the vocabulary: 1 if it may come next. */
  allowed(): Uint8Array {
    return Uint8Array.from({ length: SHAPE_VOCABULARY }, (_, id) => (this.allows(id) ? 1 : 0));
  }

  /** @throws TokenizerError for an id that may not come next. */
  accept(id: number): void {
    if (!this.allows(id)) {
      throw new TokenizerError(
        `Id ${id} at place ${this.length} of the shape cannot stand where ${SAID[this.next.kind]} is expected.`,
        "Sample under the grammar of the octree tokenizer, or decode ids that it encoded.",
      );
    }
    this.length++;
    const { next } = this;
    switch (next.kind) {
      case "depth":
        this.depth = id - FIRST.depth + 1;
        this.next = { kind: "profile" };
        return;
      case "profile":
        this.profile = PROFILES[id - FIRST.profile]!;
        this.next = { kind: "mirror" };
        return;
      case "mirror":
        this.mirror = id - FIRST.mirror;
        this.enter({ keys: [0], colours: [VARIED], bytes: [] });
        return;
      case "colour":
        this.levels[next.level]!.colours[next.node] = colourState(id);
        this.coloured++;
        this.next = this.inLevel(next.level);
        return;
      case "byte":
        this.acceptByte(next.level, next.node, id - FIRST.byte);
        return;
      case "symbol":
        this.symbols.push(id - FIRST.symbol);
        if (--this.symbolsDue === 0) this.next = { kind: "end" };
        return;
      case "end":
        this.next = { kind: "nothing" };
        return;
      case "nothing":
        return;
    }
  }

  /** Takes back the last id, where it was a byte or a colour and the next one is of the same kind and level; else nothing, and false. */
  retract(): boolean {
    const { next } = this;
    if (next.kind === "byte" && next.node > 0) {
      this.levels[next.level]!.bytes.pop();
      this.next = { ...next, node: next.node - 1 };
    } else if (next.kind === "colour" && this.coloured > 0) {
      this.coloured--;
      this.next = this.inLevel(next.level);
      this.levels[next.level]!.colours[this.open[this.coloured]!] = VARIED;
    } else return false;
    this.length--;
    return true;
  }

  private acceptByte(level: number, node: number, byte: number): void {
    const { keys, bytes } = this.levels[level]!;
    bytes.push(byte);
    if (node + 1 < keys.length) this.next = { kind: "byte", level, node: node + 1 };
    else if (level + 1 < this.depth) this.enter(childrenOf(this.levels[level]!));
    else {
      this.symbolsDue = this.profile === "offsets" ? 2 * surfaceCells(this.depth, solidOf(this, this.depth)).length : 0;
      this.next = { kind: this.symbolsDue > 0 ? "symbol" : "end" };
    }
  }

  private enter(level: Level): void {
    this.levels.push(level);
    this.open = [...level.colours.keys()].filter((node) => level.colours[node] === VARIED);
    this.coloured = 0;
    this.next = this.inLevel(this.levels.length - 1);
  }

  /** The next node whose colour is open; and if there is none, the first byte. */
  private inLevel(level: number): Expected {
    const node = this.open[this.coloured];
    return node === undefined ? { kind: "byte", level, node: 0 } : { kind: "colour", level, node };
  }

  /** The children of the root that the mirror leaves to be said. */
  private get rootChildren(): number {
    let byte = 0;
    for (let child = 0; child < 8; child++) if ((child & this.mirror) === 0) byte |= 1 << child;
    return byte;
  }
}

const SAID: Readonly<Record<Expected["kind"], string>> = {
  depth: "the depth",
  profile: "the profile",
  mirror: "the mirror",
  colour: "a colour",
  byte: "the byte of a node",
  symbol: "an offset",
  end: "the end",
  nothing: "nothing more",
};
