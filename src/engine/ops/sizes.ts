/** Arithmetic on sizes that may be names, and the checks that shape rules share. Two names are equal only if spelled alike. */
import { ShapeError } from "../../base/errors.js";
import type { Dim, Value } from "../graph.js";
import type { DType } from "../tensor.js";

export const refuse = (op: string, problem: string): never => {
  throw new ShapeError(op, problem);
};

/** Refuses a value of another type or rank. `rank` null takes any. */
export function expect(op: string, what: string, value: Value, dtype: DType, rank: number | null): void {
  if (value.dtype !== dtype) refuse(op, `${what} should be ${dtype} but is ${value.dtype}`);
  if (rank !== null && value.shape.length !== rank)
    refuse(op, `${what} should have ${rank} axes but is [${value.shape}]`);
}

/** Refuses a value whose shape is not exactly `shape`. */
export function expectShape(op: string, what: string, value: Value, shape: readonly Dim[]): void {
  expect(op, what, value, "f32", null);
  if (!sameShape(value.shape, shape)) refuse(op, `${what} should be [${shape}] but is [${value.shape}]`);
}

export const sameShape = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** The axis counted from the front; negative ones count from the back, as everywhere in the field. */
export function axisOf(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) refuse(op, `there is no axis ${axis} among ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** Shapes aligned at the right; a size of 1 stretches. */
export function broadcast(op: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) refuse(op, `[${a}] and [${b}] do not fit together at ${x} and ${y}`);
    return x === 1 ? y : x;
  });
}

/** a + b, such as "S+T"; numbers stand after names, as in "T+3". */
export function plus(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "number") return shifted(b, a);
  return typeof b === "number" ? shifted(a, b) : `${a}+${b}`;
}

/** size · p / q, such as "2*h" or "h/16", in lowest terms. Numbers must divide, names are trusted to. */
export function scaled(op: string, size: Dim, p: number, q: number): Dim {
  if (typeof size === "number") {
    if ((size * p) % q !== 0) refuse(op, `size ${size} is not divisible by ${q}`);
    return (size * p) / q;
  }
  if (p === q) return size;
  const [, front, name, back] = /^(?:(\d+)\*)?(.+?)(?:\/(\d+))?$/.exec(size)!;
  const top = Number(front ?? 1) * p;
  const bottom = Number(back ?? 1) * q;
  const common = gcd(top, bottom);
  const atom = /^\w+$|^\(.*\)$/.test(name!) ? name : `(${name})`;
  return `${top === common ? "" : `${top / common}*`}${atom}${bottom === common ? "" : `/${bottom / common}`}`;
}

/** size + by, such as "T+3"; offsets that cancel leave the plain name. */
export function shifted(size: Dim, by: number): Dim {
  if (typeof size === "number") return size + by;
  if (by === 0) return size;
  const [, base, offset] = /^(\w+|\(.*\))([+-]\d+)$/.exec(size) ?? ["", size, "0"];
  const sum = Number(offset) + by;
  if (sum === 0) return /^\((.*)\)$/.exec(base!)?.[1] ?? base!;
  return `${/^\w+$|^\(.*\)$/.test(base!) ? base : `(${base})`}${sum > 0 ? "+" : ""}${sum}`;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** How often each name, and the numeric factor, occur in the product of sizes: what a reshape must keep. */
export function factors(shape: readonly Dim[]): { readonly number: number; readonly names: readonly string[] } {
  const names = shape.filter((size) => typeof size === "string").sort();
  const number = shape.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1);
  return { number, names };
}
