/** Argument checks, spoken once at the public edge. Code inside the library trusts its arguments. */
import { ArgumentError, UnknownNameError } from "./errors.js";
import { didYouMean } from "./nearest.js";
import { described, quoted, shown } from "./words.js";

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

export const isIntegerIn =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

export const isNumberIn =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    typeof value === "number" && value >= low && value <= high;

/** What a caller may write: any part of the settings, where undefined means "the default". */
export type Options<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Refuses options that are no object. `where` is the function that they were given to. */
export const checkOptions = (where: string, options: unknown): void => {
  check(`the options of ${where}`, "an object", options, isObject);
};

/** Refuses an option that nobody knows, with the nearest of those that are known. */
export function checkNames(where: string, options: object, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (known.includes(name)) continue;
    const list = known.length === 0 ? "It has no options." : `The options are ${known.join(", ")}.`;
    const received = described(`the unknown option ${quoted(name)}, which is ${shown(value)}`);
    throw new ArgumentError(`${where}.${name}`, "a known option", received, didYouMean(name, known) + list);
  }
}

/** Completes options by defaults. A name that the defaults do not have is refused, never ignored. */
export function withDefaults<T extends object>(where: string, defaults: T, options: Options<T>): T {
  checkOptions(where, options);
  checkNames(where, options, Object.keys(defaults));
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
