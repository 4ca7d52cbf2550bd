/** Reads an untrusted JSON object field by field; what is missing, wrong or unknown is an ArgumentError naming the place. */
import { isObject } from "./check.js";
import { ArgumentError } from "./errors.js";
import { didYouMean } from "./nearest.js";
import { described, quoted } from "./words.js";

export interface Fields {
  /** The value of a field, whatever it is; undefined where there is none. */
  take(name: string): unknown;
  value<T>(name: string, expected: string, ok: (value: unknown) => value is T): T;
  number(name: string, expected: string, ok: (value: unknown) => boolean): number;
  text(name: string, most?: number): string;
  word<W extends string>(name: string, words: readonly W[]): W;
  object(name: string): Fields;
  /** A list of one object or more. */
  objects(name: string): readonly Fields[];
  names(): readonly string[];
  /** Refuses fields that nobody asked for. */
  finish(): void;
}

export function fields(json: unknown, where: string): Fields {
  if (!isObject(json)) throw new ArgumentError(where, "an object", json);
  const object = json;
  const taken = new Set<string>();
  const take = (name: string): unknown => {
    taken.add(name);
    return Object.hasOwn(object, name) ? object[name] : undefined;
  };
  const value = <T>(name: string, expected: string, ok: (value: unknown) => value is T): T => {
    const found = take(name);
    if (!ok(found)) throw new ArgumentError(`${where}.${name}`, expected, found);
    return found;
  };
  return {
    take,
    value,
    number: (name, expected, ok) => value(name, expected, (n): n is number => typeof n === "number" && ok(n)),
    text: (name, most = 200) =>
      value(name, `a text of 1 to ${most} characters`, (s): s is string => {
        return typeof s === "string" && s.length > 0 && s.length <= most;
      }),
    word<W extends string>(name: string, words: readonly W[]): W {
      const found = take(name);
      if (words.includes(found as W)) return found as W;
      const near = typeof found === "string" ? didYouMean(found, words).trim() : "";
      throw new ArgumentError(`${where}.${name}`, `one of ${words.join(", ")}`, found, near || undefined);
    },
    object: (name) => fields(take(name), `${where}.${name}`),
    objects: (name) =>
      value(
        name,
        "a list of one object or more",
        (list): list is unknown[] => Array.isArray(list) && list.length > 0,
      ).map((row, i) => fields(row, `${where}.${name}[${i}]`)),
    names: () => Object.keys(object),
    finish() {
      const stray = Object.keys(object).find((name) => !taken.has(name));
      if (stray === undefined) return;
      const remedy = `${didYouMean(stray, taken)}Rename or remove it.`;
      throw new ArgumentError(
        where,
        `only the fields ${[...taken].join(", ")}`,
        described(`also ${quoted(stray)}`),
        remedy,
      );
    },
  };
}
