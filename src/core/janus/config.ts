/**
 * What Janus (arXiv 2410.13848 §3.1) and Janus-Pro (arXiv 2501.17811 §2) draw pictures with: a transformer of the Llama family that
 * reads text ids, and a table and a head of its own for the codes of pictures. What they understand pictures with is not here.
 */
import { check, isIntegerIn } from "../../base/check.js";
import type { ConditionConfig } from "../condition.js";
import { rasterLayout } from "../decode/layout.js";
import type { LlamaConfig } from "../llama/config.js";
import type { TokenObjective } from "../orders.js";

export interface JanusConfig {
  /** The body; its vocabulary is that of the text. */
  readonly body: LlamaConfig;
  /** Codes of pictures. */
  readonly vocabulary: number;
  /** Numbers per row of the table of codes, before they are widened to the body's. */
  readonly codeDim: number;
  /** Width inside the head of codes. */
  readonly headWidth: number;
  /** Codes in a row of the grid; a picture has as many rows. */
  readonly grid: number;
  /** The most ids of a prompt, those that mark its parts included, and the body's vocabulary. */
  readonly condition: Extract<ConditionConfig, { readonly kind: "prompt" }>;
}

/** Ids of a prompt that are read, where the body's context leaves as much room. */
const PROMPT_SLOTS = 512;

/** Ids that a prompt needs at the least: the first one, a text, and the one that begins the picture. */
const FEWEST_SLOTS = 3;

/** The slots of a prompt before `grid`² codes. Throws ArgumentError, naming `where`, for a context without room for both. */
export function promptSlots({ contextLength }: LlamaConfig, grid: number, where: string): number {
  const room = contextLength - grid ** 2;
  const expected = `at least ${grid ** 2 + FEWEST_SLOTS} positions, for ${grid} x ${grid} codes and a prompt`;
  check(where, expected, contextLength, () => isIntegerIn(FEWEST_SLOTS, contextLength)(room));
  return Math.min(PROMPT_SLOTS, room);
}

/** What such a model was trained to predict. */
export const janusObjective = ({ grid, vocabulary }: JanusConfig): TokenObjective => ({
  kind: "next-token",
  positions: grid ** 2,
  layout: rasterLayout(grid, vocabulary),
});

/** The unconditional row of a prompt: as many ids, of which all but the first and the last are `pad`. */
export const withoutText = (ids: readonly number[], pad: number): number[] =>
  ids.map((id, i) => (i === 0 || i === ids.length - 1 ? id : pad));
