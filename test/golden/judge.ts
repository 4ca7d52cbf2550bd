/** What the runners of all systems do with the tensors of a case. */
import { type FloatTensor, tensor } from "../../src/engine/tensor.js";
import type { GoldenCase } from "./case.js";
import { type Comparison, compare, failed, matches, type Numbers } from "./compare.js";

export type Tensors = ReadonlyMap<string, Numbers>;

/** Computes the tensor of that name, or undefined if this version has no such tensor. */
export type Answer = (name: string, expected: Numbers) => Numbers | undefined;

/** Compares every tensor of the file that is not an input; what the case lists and the file lacks is a failure, too. */
export function* judge(
  golden: GoldenCase,
  io: Tensors,
  inputs: readonly string[],
  answer: Answer,
): Iterable<Comparison> {
  for (const [name, expected] of io) {
    if (inputs.includes(name)) continue;
    const actual = answer(name, expected);
    yield actual
      ? compare(name, actual, expected, golden.tolerance)
      : failed(name, "this version computes no such tensor");
  }
  for (const pattern of Object.keys(golden.tensors))
    if (![...io.keys()].some((name) => matches(pattern, name))) yield failed(pattern, "listed but not in the file");
}

/** The first sample. */
export const first = ({ shape, data }: FloatTensor): FloatTensor =>
  tensor([1, ...shape.slice(1)], data.subarray(0, data.length / shape[0]!));
