/** Items as a console shows them: what a person reads, and of bytes, pixels, samples and ids their number. */
import { inspect, type InspectOptions } from "node:util";

type Field = readonly [name: string, value: unknown];

/** The same item; `console.log` and debuggers show a line for each of its fields instead of their contents. */
export function shownBriefly<T extends object>(item: T): T {
  const show = (depth: number, options: InspectOptions): string => {
    if (depth < 0) return "[item]";
    const fields = Object.entries(item).filter(([, value]) => typeof value !== "function");
    return inspect(Object.fromEntries(fields.map(brief)), options);
  };
  return Object.defineProperty(item, inspect.custom, { value: show, enumerable: false });
}

const MOST_LISTED = 4;

function brief([name, value]: Field): Field {
  if (name === "manifest") return [name, new Shown("manifest")];
  if (ArrayBuffer.isView(value) && "length" in value)
    return [name, new Shown(`${value.constructor.name}(${value.length as number})`)];
  if (Array.isArray(value) && value.length > MOST_LISTED) return [name, new Shown(`Array(${value.length})`)];
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return [name, Object.fromEntries(Object.entries(value).map(brief))];
  return [name, value];
}

/** Words that stand without quotes. */
class Shown {
  constructor(private readonly words: string) {}

  [inspect.custom](): string {
    return `[${this.words}]`;
  }
}
