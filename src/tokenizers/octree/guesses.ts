/**
 * Guesses at the ids of a stream: what stood where the surroundings looked the same stands there again, for shapes are flat, straight and round
 * over many nodes. Two of three bytes are guessed right, without a model.
 */
import { CELLS, CONTEXT_SIZE, type Place, PlaceReader } from "./places.js";
import { FIRST } from "./vocabulary.js";

/** Of the cells around the children of a node, those that share a face with one of them. */
const BESIDE = [...CELLS.keys()].filter((i) => CELLS[i]!.filter((c) => c >= 0 && c <= 1).length === 2);

/** Follows a stream, and guesses how it goes on. */
export class StreamGuesser {
  private readonly reader = new PlaceReader();
  /** The last id by surroundings. */
  private readonly seen = new Map<string, number>();
  private supposed = 0;

  /** How many ids, the next one among them, are of one kind whatever they are. */
  get ahead(): number {
    return this.reader.walk.ahead;
  }

  /** A guess at the next id, which is a byte or a colour; one that the grammar allows. */
  get guess(): number {
    const { walk, next } = this.reader;
    const colour = walk.expected.kind === "colour";
    const known = keysOf(next, colour).map((key) => this.seen.get(key));
    const guess = known.find((id) => id !== undefined && walk.allows(id)); // on the last level no colour is left open
    return guess ?? (colour ? FIRST.uncoloured : FIRST.byte + 255);
  }

  /** Takes an id that is final. What was supposed before is forgotten. */
  accept(id: number): void {
    this.forget();
    const { kind } = this.reader.walk.expected;
    if (kind === "byte" || kind === "colour")
      for (const key of keysOf(this.reader.next, kind === "colour")) this.seen.set(key, id);
    this.reader.accept(id);
  }

  /** Takes an id for now. It must leave at least one of `ahead`. */
  suppose(id: number): void {
    this.reader.accept(id);
    this.supposed++;
  }

  /** Takes back all that was supposed. */
  forget(): void {
    for (; this.supposed > 0; this.supposed--) this.reader.retract();
  }
}

/** What the surroundings of a place are remembered by, the most telling first. */
function keysOf({ context }: Place, colour: boolean): string[] {
  const beside = BESIDE.map((i) => context[i]! + 2 * context[CELLS.length + i]!).join("");
  if (!colour) return [beside];
  const colours = context.subarray(2 * CELLS.length, CONTEXT_SIZE).join("");
  return [`${colours} ${beside}`, `${colours} `];
}
