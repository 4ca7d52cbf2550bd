/** A transformer with random weights, small enough for the reference engine; one configuration for each kind of condition. */
import { uniform } from "../../src/base/random.js";
import type { Condition } from "../../src/core/condition.js";
import { conditionGraph } from "../../src/core/llamagen/condition.js";
import { parseTransformerConfig, type TransformerConfig } from "../../src/core/llamagen/config.js";
import { decoderGraph } from "../../src/core/llamagen/graph.js";
import { type FloatTensor, sizeOf, tensor } from "../../src/engine/tensor.js";
import type { Checkpoint } from "../../src/engine/weights/checkpoint.js";
import { memoryCheckpoint } from "../../src/engine/weights/stored.js";

const tiny = (condition: TransformerConfig["condition"], conditionRotation: "zero" | "identity") =>
  parseTransformerConfig({
    ...{ layers: 2, heads: 3, width: 24, hidden: 29, vocabulary: 31, grid: 3 },
    ...{ condition, conditionRotation, ropeBase: 10_000, normEpsilon: 1e-5 },
  });

/** A configuration of each kind, with a batch of three conditions for it. */
export const TINY = {
  class: {
    config: tiny({ kind: "class", classes: 7 }, "zero"),
    condition: { kind: "class", classes: [2, null, 5] } as Condition,
  },
  features: {
    config: tiny({ kind: "features", slots: 5, size: 11 }, "zero"),
    condition: {
      kind: "features",
      features: noise([3, 5, 11], 99, 1),
      mask: [Uint8Array.of(0, 0, 1, 1, 1), Uint8Array.of(1, 1, 1, 1, 1), Uint8Array.of(0, 0, 0, 0, 1)],
    } as Condition,
  },
  caption: {
    config: tiny({ kind: "caption", slots: 5, styles: 3, vocabulary: 13, pad: 1 }, "identity"),
    condition: { kind: "caption", styles: [0, 2, null], captions: [[5, 6], [], [12, 3, 4, 1]] } as Condition,
  },
};

export type Kind = keyof typeof TINY;

/** The batch with these items of `condition`, in that order. */
export function pick(condition: Condition, items: readonly number[]): Condition {
  switch (condition.kind) {
    case "class":
      return { ...condition, classes: items.map((item) => condition.classes[item]!) };
    case "caption":
      return {
        ...condition,
        styles: items.map((item) => condition.styles[item]!),
        captions: items.map((item) => condition.captions[item]!),
      };
    case "features": {
      const [, ...shape] = condition.features.shape;
      const size = sizeOf(shape);
      const data = items.flatMap((item) => [...condition.features.data.subarray(item * size, (item + 1) * size)]);
      return {
        ...condition,
        features: tensor([items.length, ...shape], Float32Array.from(data)),
        mask: items.map((item) => condition.mask[item]!),
      };
    }
    case "prompt":
      return {
        ...condition,
        prompts: items.map((item) => condition.prompts[item]!),
        unconditional: items.map((item) => condition.unconditional[item]!),
      };
  }
}

/** Weights around 0, norms around 1. */
export function randomWeights(config: TransformerConfig): Checkpoint {
  const weights = [conditionGraph(config), decoderGraph(config)].flatMap((graph) => graph.weights);
  return memoryCheckpoint(
    "tiny",
    weights.map((value, i) => {
      const name = value.source.kind === "weight" ? value.source.name : "";
      const { shape, data } = noise(value.shape as number[], i, 0.6);
      return [name, { shape, data: name.includes("norm.") ? data.map((v) => 1 + v) : data }] as const;
    }),
  );
}

function noise(shape: readonly number[], seed: number, size: number): FloatTensor {
  const at = (position: number) => uniform({ seed, item: 0, position, purpose: "noise" });
  return tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (at(i) - 0.5) * 2 * size),
  );
}
