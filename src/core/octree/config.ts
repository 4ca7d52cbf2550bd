/** Transformers over octrees of shapes: a Llama decoder that is told where in the octree each id stands. */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { fields } from "../../base/fields.js";
import { lineLayout } from "../decode/layout.js";
import type { LlamaConfig } from "../llama/config.js";
import type { Objective } from "../orders.js";

/** A row of the architecture. */
export interface OctreeConfig {
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width of the gated MLP. */
  readonly hidden: number;
  /** Ids of shapes, 0 and up: what the head predicts. */
  readonly vocabulary: number;
  /** Rows of the table of embeddings: ids of shapes and, behind them, words. */
  readonly rows: number;
  /** Slots of the caption, padded; the id that fills the unused ones, and the one that begins every stream. */
  readonly captionSlots: number;
  readonly pad: number;
  readonly begin: number;
  /** Rows of the tables of kinds and of axes, and numbers of a context: see the places of the octree tokenizer. */
  readonly kinds: number;
  readonly axisRows: number;
  readonly contextSize: number;
  /** Ids of a stream, at most. */
  readonly most: number;
  readonly ropeBase: number;
  readonly normEpsilon: number;
}

const whole = (low: number, high = 2 ** 24) =>
  [`a whole number from ${low} to ${high}`, isIntegerIn(low, high)] as const;

/** Reads a row of config.json. Throws ArgumentError naming the field. */
export function parseOctreeConfig(json: unknown, where = "octree transformer"): OctreeConfig {
  const of = fields(json, where);
  const config: OctreeConfig = {
    layers: of.number("layers", ...whole(1, 1000)),
    heads: of.number("heads", ...whole(1, 1000)),
    width: of.number("width", ...whole(2)),
    hidden: of.number("hidden", ...whole(1)),
    vocabulary: of.number("vocabulary", ...whole(1)),
    rows: of.number("rows", ...whole(1)),
    captionSlots: of.number("captionSlots", ...whole(0, 4096)),
    pad: of.number("pad", ...whole(0)),
    begin: of.number("begin", ...whole(0)),
    kinds: of.number("kinds", ...whole(1)),
    axisRows: of.number("axisRows", ...whole(1)),
    contextSize: of.number("contextSize", ...whole(1)),
    most: of.number("most", ...whole(1)),
    ropeBase: of.number("ropeBase", "a number above 1", (base) => isNumberIn(1, 1e9)(base)),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 1", isNumberIn(0, 1)),
  };
  of.finish();
  check(`${where}.width`, "a multiple of twice the heads", config.width, (C) => C % (2 * config.heads) === 0);
  return config;
}

/** Each id predicts the next; which ids may stand where depends on all before, so that a grammar has to be added. */
export const octreeObjective = ({
  most,
  vocabulary,
}: OctreeConfig): Extract<Objective, { readonly kind: "next-token" }> => ({
  kind: "next-token",
  positions: most,
  layout: lineLayout(vocabulary),
});

/** The Llama decoder that it is, but for its embeddings and its head. */
export function trunkOf(config: OctreeConfig): LlamaConfig {
  const { layers, heads, width, hidden, rows, captionSlots, most, ropeBase, normEpsilon } = config;
  const headSize = width / heads;
  return {
    ...{ prefix: "model.", vocabulary: rows, width, hidden, heads, kvHeads: heads, headSize },
    contextLength: captionSlots + 1 + most,
    layers: Array.from({ length: layers }, () => ({ window: null, rope: ROPE })),
    ropes: { [ROPE]: { base: ropeBase, size: headSize, scaling: { kind: "none" } } },
    ...{ normEpsilon, normScale: "weight", norms: "before", headNorms: false },
    biases: { qkv: false, output: false, feedForward: false },
    ...{ projections: "separate", activation: "silu", attentionScale: headSize ** -0.5, attentionCap: null },
    ...{ logitCap: null, embeddingScale: 1, tied: false },
  };
}

/** What the layers call their rotation: slots are places on a line. */
export const ROPE = "line";
