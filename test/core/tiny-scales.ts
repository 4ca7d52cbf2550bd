/** A next-scale transformer with random weights and a painter without a tokenizer, small enough for the reference engine. */
import { uniform } from "../../src/base/random.js";
import type { Condition } from "../../src/core/condition.js";
import { scaleConditionGraph } from "../../src/core/var/condition.js";
import { parseScaleConfig, type ScaleConfig } from "../../src/core/var/config.js";
import type { Paint } from "../../src/core/var/feeder.js";
import { scaleDecoderGraph } from "../../src/core/var/graph.js";
import { type FloatTensor, sizeOf, tensor } from "../../src/engine/tensor.js";

export const SIDES = [1, 2, 3] as const;
export const POSITIONS = 14;
const CODE = 5;

const tiny = (condition: ScaleConfig["condition"], modulation: ScaleConfig["modulation"]) =>
  parseScaleConfig({
    ...{ layers: 2, heads: 3, width: 12, hidden: 17, vocabulary: 31, codeDim: CODE, sides: [...SIDES] },
    ...{ condition, modulation, normEpsilon: 1e-6 },
  });

/** A configuration of each kind, with a batch of three conditions for it. */
export const TINY_SCALES = {
  own: {
    config: tiny({ kind: "class", classes: 7 }, "own"),
    condition: { kind: "class", classes: [2, null, 5] } as Condition,
    none: { kind: "class", classes: [null, null, null] } as Condition,
  },
  shared: {
    config: tiny({ kind: "class", classes: 7 }, "shared"),
    condition: { kind: "class", classes: [2, null, 5] } as Condition,
    none: { kind: "class", classes: [null, null, null] } as Condition,
  },
  caption: {
    config: tiny({ kind: "caption", slots: 5, styles: 3, vocabulary: 13, pad: 1 }, "own"),
    condition: { kind: "caption", styles: [0, 2, null], captions: [[5, 6], [], [12, 3, 4, 1]] } as Condition,
    none: { kind: "caption", styles: [null, null, null], captions: [[], [], []] } as Condition,
  },
};

export type ScaleKind = keyof typeof TINY_SCALES;

/** Weights around 0, by name. */
export function randomTensors(config: ScaleConfig): Map<string, FloatTensor> {
  const weights = [scaleConditionGraph(config), scaleDecoderGraph(config)].flatMap((graph) => graph.weights);
  const tensors = new Map<string, FloatTensor>();
  weights.forEach(({ source, shape }, i) => {
    const at = (position: number) => uniform({ seed: i, item: 0, position, purpose: "noise" });
    const sizes = shape as number[];
    const data = Float32Array.from({ length: sizeOf(sizes) }, (_, n) => (at(n) - 0.5) * 1.2);
    if (source.kind === "weight") tensors.set(source.name, tensor(sizes, data));
  });
  return tensors;
}

/** Adds up waves of the ids instead of codes; the next scale is fed different waves of the sum in each cell. */
export const paintWaves: Paint = async (canvas, scale, cells) => {
  const data = Float32Array.from(cells, (line, item) => {
    const sum = Array.from(line).reduce<number>((total, cell, i) => total + Math.sin(Number(cell) * (i + 1)), 0);
    return (canvas?.data[item] ?? 0) + sum;
  });
  const side = SIDES[scale + 1];
  if (side === undefined) return { canvas: tensor([cells.length, 1], data), next: null };
  const size = side ** 2 * CODE;
  const next = Float32Array.from({ length: cells.length * size }, (_, n) =>
    Math.sin(data[Math.floor(n / size)]! * ((n % size) + 1)),
  );
  return { canvas: tensor([cells.length, 1], data), next: tensor([cells.length, side ** 2, CODE], next) };
};
