/** A config.json as folders of the Hugging Face hub have it: read leniently, since such files hold much that no model needs. */
import { ArgumentError } from "../base/errors.js";

/** Each reader takes what stands in the file or, where it is missing or null, the fallback; without a fallback it must be there. */
export interface HubConfig {
  /** Of this object, for messages. */
  readonly where: string;
  /** The object as it was parsed. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly modelType: string;
  /** A whole number from 1 on. */
  whole(name: string, fallback?: number): number;
  /** The same; null only where the file says so. */
  wholeOrNull(name: string, missing: number | null): number | null;
  /** A positive finite number. */
  number(name: string, fallback?: number, ok?: (value: unknown) => boolean): number;
  numberOrNull(name: string, missing: number | null): number | null;
  numbers(name: string, count: number): readonly number[];
  flag(name: string, fallback: boolean): boolean;
  word(name: string, fallback?: string): string;
  list(name: string): readonly unknown[] | null;
  object(name: string): HubConfig | null;
}

/** The largest size that any field of a model may have; what is beyond is a damaged file. */
const MOST = 2 ** 31 - 1;

const isWhole = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST;
const isPositive = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value > 0;

export function hubConfig(json: unknown, where = "config.json"): HubConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new ArgumentError(where, "an object", json);
  const object = json as Readonly<Record<string, unknown>>;
  const at = (name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined);
  const read = <T>(name: string, expected: string, fallback: T | undefined, ok: (value: unknown) => boolean): T => {
    const found = at(name) ?? fallback;
    if (found === fallback && fallback !== undefined) return fallback;
    if (!ok(found)) throw new ArgumentError(`${where}.${name}`, expected, found);
    return found as T;
  };
  const absent = (name: string) => at(name) === undefined || at(name) === null;
  const orNull = (name: string, missing: number | null, reader: (name: string) => number): number | null => {
    if (at(name) === null) return null;
    return at(name) === undefined ? missing : reader(name);
  };
  const self: HubConfig = {
    where,
    json: object,
    modelType: typeof at("model_type") === "string" ? (at("model_type") as string) : "",
    whole: (name, fallback) => read(name, "a whole number from 1 on", fallback, isWhole),
    wholeOrNull: (name, missing) => orNull(name, missing, (n) => self.whole(n)),
    number: (name, fallback, ok = isPositive) =>
      read(name, "a positive number", fallback, (v) => isPositive(v) && ok(v)),
    numberOrNull: (name, missing) => orNull(name, missing, (n) => self.number(n)),
    numbers: (name, count) =>
      read<readonly number[]>(name, `a list of ${count} positive numbers`, undefined, (value) => {
        return Array.isArray(value) && value.length === count && value.every(isPositive);
      }),
    flag: (name, fallback) => read(name, "true or false", fallback, (value) => typeof value === "boolean"),
    word: (name, fallback) => read(name, "a text", fallback, (value) => typeof value === "string"),
    list: (name) => (absent(name) ? null : read<readonly unknown[]>(name, "a list", undefined, Array.isArray)),
    object: (name) => (absent(name) ? null : hubConfig(at(name), `${where}.${name}`)),
  };
  return self;
}
