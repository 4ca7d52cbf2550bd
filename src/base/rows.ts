/** Objects of JSON as rows: each field by its name and by how it is read. What is missing, wrong or unknown is an ArgumentError. */
import { isIntegerIn } from "./check.js";
import { isSha256 } from "./digest.js";
import type { Fields } from "./fields.js";

/** Reads the field of that name. */
export type Read<T> = (of: Fields, name: string) => T;

/** How each field of `T` is read. */
export type Rows<T extends object> = { readonly [Name in keyof T]-?: Read<T[Name]> };

/** Reads these fields, and leaves the others to the caller. */
export const readRows = <T extends object>(of: Fields, rows: Rows<T>): T =>
  Object.fromEntries(Object.entries<Read<unknown>>(rows as never).map(([name, read]) => [name, read(of, name)])) as T;

/** An object for which `read` asks for every field that it may have. */
export const closed =
  <T>(read: (of: Fields) => T): Read<T> =>
  (of, name) => {
    const inner = of.object(name);
    const value = read(inner);
    inner.finish();
    return value;
  };

/** An object of these fields and no others. */
export const record = <T extends object>(rows: Rows<T>): Read<T> => closed((of) => readRows(of, rows));

/** A text of 1 to `most` characters. */
export const text =
  (most?: number): Read<string> =>
  (of, name) =>
    of.text(name, most);

export const word =
  <W extends string>(words: readonly W[]): Read<W> =>
  (of, name) =>
    of.word(name, words);

/** A whole number from `least` to `most`. */
export const whole = (least: number, most: number): Read<number> => number("a whole number", isIntegerIn(least, most));

/** A number for which `ok` holds, in words `expected`. */
export const number =
  (expected: string, ok: (value: unknown) => boolean): Read<number> =>
  (of, name) =>
    of.number(name, expected, ok);

/** Any value for which `ok` holds, in words `expected`. */
export const value =
  <T>(expected: string, ok: (value: unknown) => value is T): Read<T> =>
  (of, name) =>
    of.value(name, expected, ok);

/** What `value` reads, or null. */
export const orNull = <T>(expected: string, ok: (value: unknown) => value is T): Read<T | null> =>
  value(`${expected} or null`, (found): found is T | null => found === null || ok(found));

export const truth: Read<boolean> = value("true or false", (found): found is boolean => typeof found === "boolean");

/** What `read` reads, or `absent` where the object has no such field: files of versions that did not write it. */
export const unlessAbsent =
  <T>(absent: T, read: Read<T>): Read<T> =>
  (of, name) =>
    of.names().includes(name) ? read(of, name) : absent;

/** 64 lower-case hexadecimal digits. */
export const digest: Read<string> = value("64 hexadecimal digits", isSha256);
