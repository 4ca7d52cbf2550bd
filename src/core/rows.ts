/** Rows of a batch: the two halves of a guided one, parents, copies. */
import { ArgumentError } from "../base/errors.js";
import { described } from "../base/words.js";
import { type FloatTensor, tensor } from "../engine/tensor.js";
import type { Prediction } from "./decode/step.js";

/** Logits of `items` rows, or of [conditional …, unconditional …] rows, as the two halves that they are. */
export function halves({ shape, data }: FloatTensor, items: number): Prediction {
  const [rows, ...rest] = shape as [number, ...number[]];
  const half = [items, ...rest];
  const size = (data.length / rows) * items;
  return {
    conditional: tensor(half, data.subarray(0, size)),
    unconditional: rows > items ? tensor(half, data.subarray(size)) : null,
  };
}

/** The parents of the model's rows, [conditional …, unconditional …] when guided. Refuses parents that are not items. */
export function parentRows(parents: readonly number[], items: number, guided: boolean): readonly number[] {
  const known = (parent: number) => Number.isInteger(parent) && parent >= 0 && parent < items;
  if (parents.length !== items || !parents.every(known))
    throw new ArgumentError(
      "parents",
      `${items} items from 0 to ${items - 1}`,
      described(`the parents ${parents.join(", ")}`),
    );
  return guided ? [...parents, ...parents.map((parent) => items + parent)] : parents;
}

/** Row i of the result is row parents[i] of x [B, ...]. */
export function forked({ shape, data }: FloatTensor, parents: readonly number[]): FloatTensor {
  const size = data.length / shape[0]!;
  const out = new Float32Array(parents.length * size);
  parents.forEach((parent, row) => {
    out.set(data.subarray(parent * size, (parent + 1) * size), row * size);
  });
  return tensor(shape.with(0, parents.length), out);
}

/** Logits [B, R, V] of several passes as those of one. */
export function behindEachOther(parts: readonly FloatTensor[]): FloatTensor {
  if (parts.length === 1) return parts[0]!;
  const [B, , V] = parts[0]!.shape as [number, number, number];
  const R = parts.reduce((sum, { shape }) => sum + shape[1]!, 0);
  const data = new Float32Array(B * R * V);
  let at = 0;
  for (let row = 0; row < B; row++) {
    for (const part of parts) {
      const size = part.shape[1]! * V;
      data.set(part.data.subarray(row * size, (row + 1) * size), at);
      at += size;
    }
  }
  return tensor([B, R, V], data);
}
