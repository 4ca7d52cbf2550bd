/** Segmenters: a Llama decoder that reads words and a picture, and says the mask tokens of what the words mean (HiMTok, arXiv 2503.13026 §3.2, small). */
import { check, isIntegerIn, isNumberIn } from "../../base/check.js";
import { fields } from "../../base/fields.js";
import { lineLayout } from "../decode/layout.js";
import type { LlamaConfig } from "../llama/config.js";
import type { Objective } from "../orders.js";

export interface SegmenterConfig {
  /** Pixels of one side of the picture. */
  readonly side: number;
  /** Pixels of one side of a first patch, and first patches of one side of a second one, which is a slot of the decoder. */
  readonly patch: number;
  readonly cells: number;
  /** Channels between the two. */
  readonly stem: number;
  readonly layers: number;
  readonly heads: number;
  readonly width: number;
  /** Width of the gated MLP. */
  readonly hidden: number;
  /** Ids of mask tokens, 0 and up; those of words come behind them, then the mark where the mask begins. */
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
    patch: count("patch", 256),
    cells: count("cells", 256),
    stem: count("stem", 2 ** 16),
    layers: count("layers", 1000),
    heads: count("heads", 1000),
    width: count("width", 2 ** 17),
    hidden: count("hidden", 2 ** 20),
    vocabulary: count("vocabulary", 2 ** 20),
    words: count("words", 2 ** 20),
    captionSlots: count("captionSlots", 4096),
    positions: count("positions", 4096),
    ropeBase: of.number("ropeBase", "a number above 1", (base) => isNumberIn(1, 1e9)(base)),
    normEpsilon: of.number("normEpsilon", "a number from 0 to 1", isNumberIn(0, 1)),
  };
  of.finish();
  const { heads, patch, cells } = config;
  check(`${where}.width`, "a multiple of twice the heads", config.width, (C) => C % (2 * heads) === 0);
  check(`${where}.side`, `a multiple of ${patch * cells} pixels`, config.side, (side) => side % (patch * cells) === 0);
  return config;
}

export const segmenterObjective = ({ positions, vocabulary }: SegmenterConfig): Objective => ({
  kind: "next-token",
  positions,
  layout: lineLayout(vocabulary),
});

/** What follows from a row. `lead` are the slots before the first mask token: words, patches, the mark. */
export function deriveSegmenter({ side, patch, cells, captionSlots, vocabulary, words, positions }: SegmenterConfig) {
  const patches = (side / patch / cells) ** 2;
  const lead = captionSlots + patches + 1;
  return { patches, lead, slots: lead + positions, rows: vocabulary + words + 1, begin: vocabulary + words };
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
