/**
 * Tables of rotary angles (Su et al. 2021, arXiv 2104.09864; in two dimensions as LlamaGen, arXiv 2406.06525 §2.2, does it).
 *
 * A table is [slots, D/2, 2]: cos and sin for each pair of ADJACENT elements of a head. It begins with the condition slots.
 * Angles are rounded to float32 where the reference rounds them, since checkpoints were trained with those.
 */
import { check, isIntegerIn } from "../base/check.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";

/**
 * What happens to queries and keys of condition slots. "zero" multiplies them by 0: that is LlamaGen's (and NAR's) table,
 * whose first rows are zeros, so condition keys score 0 and condition queries attend evenly. "identity" leaves them alone.
 */
export type ConditionRotation = "zero" | "identity";

export interface RotaryShape {
  readonly headSize: number;
  readonly base: number;
  readonly conditionSlots: number;
  readonly condition: ConditionRotation;
}

/**
 * Image tokens on a grid, `side` columns wide and `rows` high, in raster order: the first half of the pairs turns with the
 * row, the second with the column. Result [conditionSlots + rows·side, headSize/2, 2]; headSize is a multiple of 4.
 */
export function rotaryTable2d(shape: RotaryShape, side: number, rows = side): FloatTensor {
  check("headSize", "a multiple of 4", shape.headSize, (size) => size > 0 && size % 4 === 0);
  const frequencies = rotaryFrequencies(shape.headSize / 2, shape.base);
  return table(shape, rows * side, (position) => {
    const row = Math.floor(position / side);
    const column = position % side;
    return [...frequencies.map((f) => row * f), ...frequencies.map((f) => column * f)];
  });
}

/**
 * Positions in a line: every pair turns with the position. Result [conditionSlots + length, headSize/2, 2]; headSize is even.
 */
export function rotaryTable1d(shape: RotaryShape, length: number): FloatTensor {
  check("headSize", "a multiple of 2", shape.headSize, (size) => size > 0 && size % 2 === 0);
  const frequencies = rotaryFrequencies(shape.headSize, shape.base);
  return table(shape, length, (position) => frequencies.map((f) => position * f));
}

/** base^(-2j/size) for j = 0 … size/2 - 1, rounded as float32 arithmetic rounds it. */
function rotaryFrequencies(size: number, base: number): number[] {
  return Array.from({ length: Math.floor(size / 2) }, (_, j) =>
    Math.fround(1 / Math.fround(base ** Math.fround((2 * j) / size))),
  );
}

function table(shape: RotaryShape, length: number, anglesOf: (position: number) => number[]): FloatTensor {
  const { headSize, conditionSlots } = shape;
  check("conditionSlots", "a whole number", conditionSlots, isIntegerIn(0, 2 ** 20));
  const data = new Float32Array((conditionSlots + length) * headSize);
  if (shape.condition === "identity") for (let i = 0; i < conditionSlots * headSize; i += 2) data[i] = 1;
  let at = conditionSlots * headSize;
  for (let position = 0; position < length; position++) {
    for (const angle of anglesOf(position)) {
      data[at++] = Math.cos(Math.fround(angle));
      data[at++] = Math.sin(Math.fround(angle));
    }
  }
  return tensor([conditionSlots + length, headSize / 2, 2], data);
}
