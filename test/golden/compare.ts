/**
 * The one rule by which a computed tensor is held against a golden one:
 *
 *   err = max|a-b| over all elements, limit = tolerance.abs + rel * max|b|, pass when err <= limit,
 *
 * where rel is the override of that name, if there is one. Integers, flags and all that is listed as exact must be identical.
 */
import type { Tensor } from "../../src/engine/tensor.js";

/** `tolerance` of a case.json. Names may contain `*`. */
export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
  readonly rel_overrides?: Readonly<Record<string, number>>;
  readonly exact?: readonly string[];
}

/** One tensor (or one file, or one record) of a case, judged. */
export interface Comparison {
  readonly name: string;
  readonly maxAbs: number;
  /** max|a-b| / max|b|; 0 where both are zero everywhere. */
  readonly maxRel: number;
  readonly pass: boolean;
  readonly note?: string;
}

/** Any numbers with a shape: float32, int32, or the uint8 of masks and flags. */
export type Numbers =
  | Tensor
  | { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array | Uint8Array };

/** Judges `actual` against the golden `expected`. Another shape, or a number that is not one, never passes. */
export function compare(name: string, actual: Numbers, expected: Numbers, tolerance: Tolerance): Comparison {
  if (actual.shape.join() !== expected.shape.join()) {
    return failed(name, `shape [${actual.shape}] instead of [${expected.shape}]`);
  }
  let error = 0;
  let largest = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const a = actual.data[i]!;
    const b = expected.data[i]!;
    if (Object.is(a, b) || a === b) {
      if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
      continue;
    }
    const difference = Math.abs(a - b);
    // A NaN on one side, or infinities that differ, are infinitely far off; Math.max would lose them.
    error = Math.max(error, Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
  }
  const limit = isExact(name, expected, tolerance) ? 0 : tolerance.abs + relativeLimit(name, tolerance) * largest;
  const maxRel = error === 0 ? 0 : largest === 0 ? Number.POSITIVE_INFINITY : error / largest;
  return { name, maxAbs: error, maxRel, pass: error <= limit };
}

/** A comparison that could not be made, which is a failure. */
export const failed = (name: string, note: string): Comparison => ({
  name,
  maxAbs: Number.POSITIVE_INFINITY,
  maxRel: Number.POSITIVE_INFINITY,
  pass: false,
  note,
});

/** A tensor of a case that this version makes nothing of, while it makes the others; the line of the case says so. */
export const passedOver = (name: string, note: string): Comparison => ({
  name,
  maxAbs: 0,
  maxRel: 0,
  pass: true,
  note: `passed over: ${note}`,
});

/** Thrown when a case asks for something that this version does not have; the message says what. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}

/** Whether `name` is what `pattern` means, where `*` stands for any characters. */
export function matches(pattern: string, name: string): boolean {
  const escaped = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`).test(name);
}

const isExact = (name: string, expected: Numbers, tolerance: Tolerance) =>
  !(expected.data instanceof Float32Array) || (tolerance.exact ?? []).some((pattern) => matches(pattern, name));

/** The override by the full name wins over one by a pattern. */
function relativeLimit(name: string, { rel, rel_overrides = {} }: Tolerance): number {
  if (Object.hasOwn(rel_overrides, name)) return rel_overrides[name]!;
  const pattern = Object.keys(rel_overrides).find((key) => matches(key, name));
  return pattern === undefined ? rel : rel_overrides[pattern]!;
}
