/** Draws of one shape: addressed by its number and counted, so that a shape is a function of its number alone. */
import { uniform } from "../../../src/base/random.js";
import type { ColourName } from "../../../src/tokenizers/octree/palette.js";

export class Dice {
  private drawn = 0;
  constructor(
    private readonly seed: number,
    private readonly item: number,
  ) {}
  /** Uniform between two numbers. */
  between(low: number, high: number): number {
    return low + (high - low) * uniform({ seed: this.seed, item: this.item, position: this.drawn++, purpose: "noise" });
  }
  one<T>(list: readonly T[]): T {
    return list[Math.floor(this.between(0, list.length))]!;
  }
  chance(share: number): boolean {
    return this.between(0, 1) < share;
  }
  /** A colour of the list, other than those to avoid. */
  colour(list: readonly ColourName[] = PAINTS, ...avoid: readonly ColourName[]): ColourName {
    return this.one(list.filter((name) => !avoid.includes(name)));
  }
}

export const PAINTS: readonly ColourName[] = [
  "black", "gray", "white", "red", "pink", "orange", "yellow", "brown", "green", "light green", "teal", "light blue", "blue", "purple",
]; // prettier-ignore
export const WOODS: readonly ColourName[] = ["light brown", "brown", "dark brown", "beige", "white", "black"];
export const METALS: readonly ColourName[] = ["steel", "gold", "copper", "dark gray", "black"];
export const LEAVES: readonly ColourName[] = ["green", "dark green", "light green", "orange", "yellow", "red"];
