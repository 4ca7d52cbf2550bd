/** Argument checks, spoken once at the public edge. Code inside the library trusts its arguments. */
import { ArgumentError } from "./errors.js";

/** Returns `value` if it is `ok`; else refuses it in the one sentence of ArgumentError. */
export function check<T>(argument: string, expected: string, value: T, ok: (value: T) => boolean): T {
  if (!ok(value)) throw new ArgumentError(argument, expected, value);
  return value;
}

export const isIntegerIn = (low: number, high: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high;

export const isNumberIn = (low: number, high: number) => (value: unknown) =>
  typeof value === "number" && value >= low && value <= high;

/** What a caller may write: any part of the settings, where undefined means "the default". */
export type Options<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Completes options by defaults. A name that the defaults do not have is refused, never ignored. */
export function withDefaults<T extends object>(where: string, defaults: T, options: Options<T>): T {
  const out = { ...defaults };
  for (const name of Object.keys(options) as (keyof T & string)[]) {
    const value = options[name];
    if (!Object.hasOwn(defaults, name)) {
      throw new ArgumentError(`${where}.${name}`, `one of ${Object.keys(defaults).join(", ")}`, value);
    }
    if (value !== undefined) out[name] = value as T[typeof name];
  }
  return out;
}
