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

  get expected(): Expected {
    return this.next;
  }

  /** Levels whose nodes all have a byte: the depth to which the shape is known. */
  get known(): number {
    return this.levels.filter(({ keys, bytes }) => bytes.length === keys.length).length;
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
        this.levels.push({ keys: [0], colours: [VARIED], bytes: [] });
        this.next = { kind: "colour", level: 0, node: 0 };
        return;
      case "colour":
        this.levels[next.level]!.colours[next.node] = colourState(id);
        this.seekColour(next.level, next.node + 1);
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

  private acceptByte(level: number, node: number, byte: number): void {
    const { keys, bytes } = this.levels[level]!;
    bytes.push(byte);
    if (node + 1 < keys.length) this.next = { kind: "byte", level, node: node + 1 };
    else if (level + 1 < this.depth) {
      this.levels.push(childrenOf(this.levels[level]!));
      this.seekColour(level + 1, 0);
    } else {
      this.symbolsDue = this.profile === "offsets" ? 2 * surfaceCells(this.depth, solidOf(this, this.depth)).length : 0;
      this.next = { kind: this.symbolsDue > 0 ? "symbol" : "end" };
    }
  }

  /** The next node of the level whose parent left its colour open; and if there is none, the first byte. */
  private seekColour(level: number, node: number): void {
    const { colours } = this.levels[level]!;
    while (node < colours.length && (level === 0 || colours[node] !== VARIED)) node++;
    this.next = node < colours.length ? { kind: "colour", level, node } : { kind: "byte", level, node: 0 };
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
