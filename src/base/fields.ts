/** Reads an untrusted JSON object field by field; what is missing, wrong or unknown is an ArgumentError naming the place. */
import { ArgumentError } from "./errors.js";

export interface Fields {
  /** The value of a field, whatever it is; undefined where there is none. */
  take(name: string): unknown;
  value<T>(name: string, expected: string, ok: (value: unknown) => value is T): T;
  number(name: string, expected: string, ok: (value: unknown) => boolean): number;
  text(name: string, most?: number): string;
  word<W extends string>(name: string, words: readonly W[]): W;
  object(name: string): Fields;
  names(): readonly string[];
  /** Refuses fields that nobody asked for. */
  finish(): void;
}

export function fields(json: unknown, where: string): Fields {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ArgumentError(where, "an object", json);
  }
  const object = json as Readonly<Record<string, unknown>>;
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
    word: <W extends string>(name: string, words: readonly W[]) =>
      value(name, `one of ${words.join(", ")}`, (s): s is W => words.includes(s as W)),
    object: (name) => fields(take(name), `${where}.${name}`),
    names: () => Object.keys(object),
    finish() {
      const stray = Object.keys(object).find((name) => !taken.has(name));
      if (stray !== undefined) {
        throw new ArgumentError(where, `only the fields ${[...taken].join(", ")}`, stray, `Remove "${stray}".`);
      }
    },
  };
}
