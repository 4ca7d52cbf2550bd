/**
 * Segmenters: a Llama decoder that reads words and a picture, and says the mask tokens of what the words mean (HiMTok, arXiv 2503.13026 §3.2,
 * small). It looks twice: at the whole picture, from which it says the corners of a box, and at what is in the box, from which it says the shape.
 */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { fields } from "../../base/fields.js";
import { type ConvolutionRow, parseConvolutions, shrinkage } from "../../engine/blocks/silu-convolution.js";
import { lineLayout } from "../decode/layout.js";
import type { LlamaConfig } from "../llama/config.js";
import type { Objective } from "../orders.js";

export interface SegmenterConfig {
  /** Pixels of one side of the picture. */
  readonly side: number;
  /** Convolutions from the picture to patches, each of which is a slot of the decoder. */
  readonly stem: readonly ConvolutionRow[];
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width of the gated MLP. */
  readonly hidden: number;
  /** Numbers of a point on the sphere where words and patches meet. */
  readonly joint: number;
  /** What the second look takes in beyond the box at every side, as a part of that side. */
  readonly grown: number;
  /** Ids of mask tokens, 0 and up; those of words come behind them, then the marks where the mask and where its shape begin. */
  readonly vocabulary: number;
  readonly words: number;
  /** Slots of the words; the unused ones hold word 0. */
  readonly captionSlots: number;
  /** Tokens of a mask. */
  readonly positions: number;
  readonly ropeBase: number;
  readonly normEpsilon: number;
}

/** Reads a row of config.json. Throws ArgumentError naming the field. */
export function parseSegmenterConfig(json: unknown, where = "segmenter"): SegmenterConfig {
  const of = fields(json, where);
  const count = (name: string, most: number) =>
    of.number(name, `a whole number from 1 to ${most}`, isIntegerIn(1, most));
  const config: SegmenterConfig = {
    side: count("side", 4096),
    stem: parseConvolutions(of, "stem"),
    layers: count("layers", 1000),
    heads: count("heads", 1000),
    width: count("width", 2 ** 17),
    hidden: count("hidden", 2 ** 20),
    joint: count("joint", 2 ** 16),
    grown: of.number("grown", "a number from 0 to 1", isNumberIn(0, 1)),
    vocabulary: count("vocabulary", 2 ** 20),
    words: count("words", 2 ** 20),
    captionSlots: count("captionSlots", 4096),
    positions: count("positions", 4096),
    ropeBase: of.number("ropeBase", "a number above 1", (base) => isNumberIn(1, 1e9)(base)),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 1", isNumberIn(0, 1)),
  };
  of.finish();
  const { heads, stem, positions } = config;
  check(`${where}.width`, "a multiple of twice the heads", config.width, (C) => C % (2 * heads) === 0);
  const patch = shrinkage(stem);
  check(`${where}.side`, `a multiple of ${patch} pixels`, config.side, (side) => side % patch === 0);
  check(
    `${where}.stem`,
    `a last convolution of ${config.width} channels`,
    stem,
    (rows) => rows.at(-1)!.channels === config.width,
  );
  check(`${where}.positions`, `more than the ${CORNERS} corners`, positions, (N) => N > CORNERS);
  return config;
}

export const segmenterObjective = ({ positions, vocabulary }: SegmenterConfig): Objective => ({
  kind: "next-token",
  positions,
  layout: lineLayout(vocabulary),
});

/** Mask tokens before the second look. */
export const CORNERS = 2;

/**
 * What follows from a row. `lead` are the slots before the first mask token: words, patches, a mark; `second` those between the corners and
 * the shape: patches of the box, a mark.
 */
export function deriveSegmenter({ side, stem, captionSlots, vocabulary, words, positions }: SegmenterConfig) {
  const patches = (side / shrinkage(stem)) ** 2;
  const [lead, second] = [captionSlots + patches + 1, patches + 1];
  const begin = vocabulary + words;
  return { patches, lead, second, slots: lead + second + positions, rows: begin + 2, begin, closer: begin + 1 };
}

/** The slot of a mask token. The slot before it predicts it. */
export function slotOf(position: number, config: SegmenterConfig): number {
  const { lead, second } = deriveSegmenter(config);
  return lead + position + (position < CORNERS ? 0 : second);
}

/** The Llama decoder that it is, but for its embeddings and its head. */
export function trunkOf(config: SegmenterConfig): LlamaConfig {
  const { layers, heads, width, hidden, ropeBase, normEpsilon } = config;
  const { rows, slots } = deriveSegmenter(config);
  const headSize = width / heads;
  return {
    ...{ prefix: "model.", vocabulary: rows, width, hidden, heads, kvHeads: heads, headSize, contextLength: slots },
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
