/** Argument checks, spoken once at the public edge. Code inside the library trusts its arguments. */
import { ArgumentError, UnknownNameError } from "./errors.js";
import { didYouMean } from "./nearest.js";
import { described, quoted } from "./words.js";

/** Returns `value` if it is `ok`; else refuses it in the one sentence of ArgumentError. */
export function check<T>(argument: string, expected: string, value: T, ok: (value: T) => boolean): T {
  if (!ok(value)) throw new ArgumentError(argument, expected, value);
  return value;
}

/** Returns `value` if it is one of `known`; else refuses it with the nearest of them. `kind` says what it names: "style". */
export function checkName<N extends string>(kind: string, value: unknown, known: readonly N[]): N {
  if (!known.includes(value as N)) throw new UnknownNameError(kind, value, known);
  return value as N;
}

export const isIntegerIn = (low: number, high: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

export const isNumberIn = (low: number, high: number) => (value: unknown) =>
  typeof value === "number" && value >= low && value <= high;

/** What a caller may write: any part of the settings, where undefined means "the default". */
export type Options<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Completes options by defaults. A name that the defaults do not have is refused, never ignored. */
export function withDefaults<T extends object>(where: string, defaults: T, options: Options<T>): T {
  check(`the options of ${where}`, "an object", options, isObject);
  const out = { ...defaults };
  for (const name of Object.keys(options) as (keyof T & string)[]) {
    const value = options[name];
    if (!Object.hasOwn(defaults, name)) {
      const known = Object.keys(defaults);
      const remedy =
        known.length === 0 ? "It has no options." : `${didYouMean(name, known)}The options are ${known.join(", ")}.`;
      throw new ArgumentError(
        `${where}.${name}`,
        "a known option",
        described(`the unknown option ${quoted(name)}`),
        remedy,
      );
    }
    if (value !== undefined) out[name] = value as T[typeof name];
  }
  return out;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
