/**
 * JSON schemas as languages of compact JSON: no white space outside of strings, properties in the order of `properties`, nothing
 * that the schema does not name.
 *
 * Understood: type (also a list), enum, const, anyOf, oneOf (taken as anyOf), allOf with one member, $ref into the schema itself
 * (also recursive), $defs, definitions; properties, required, additionalProperties (false is what happens); items,
 * prefixItems, minItems, maxItems; minLength, maxLength, pattern (the whole string must match, and holds nothing that JSON
 * escapes), format (date, time, date-time, uuid); minimum and maximum of integers. A schema without any of these is any value.
 * Descriptions are passed over, everything else is refused.
 */
import { ConstraintError } from "../../../base/errors.js";
import { characters, complement, setOf } from "./characters.js";
import type { Expression, Expressions } from "./expression.js";
import { integersFrom } from "./integers.js";
import { regexExpression } from "./regex.js";

export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

const DESCRIPTIONS = [
  ...["$schema", "$id", "$comment", "$anchor", "title", "description", "default", "examples", "example"],
  ...["deprecated", "readOnly", "writeOnly", "$defs", "definitions", "additionalProperties"],
];

/** Keywords by the type that they are about; the others are about all. */
const KEYWORDS = {
  object: ["properties", "required"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  number: [],
  boolean: [],
  null: [],
} as const satisfies Record<string, readonly string[]>;

type Type = keyof typeof KEYWORDS;
const TYPES = Object.keys(KEYWORDS) as Type[];
const GENERAL = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"];
const KNOWN: ReadonlySet<string> = new Set([...DESCRIPTIONS, ...GENERAL, ...Object.values(KEYWORDS).flat()]);

/** What a string may hold without an escape. */
const PLAIN = complement(
  setOf([
    [0x00, 0x1f],
    [0x22, 0x22],
    [0x5c, 0x5c],
  ]),
);
const ESCAPE = '\\\\(["\\\\/bfnrt]|u[0-9a-fA-F]{4})';
const INTEGER = "-?(0|[1-9][0-9]*)";
const NUMBER = `${INTEGER}(\\.[0-9]+)?([eE][+-]?[0-9]+)?`;

const DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
const CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
const FORMATS: Readonly<Record<string, string>> = {
  date: DAY,
  time: CLOCK,
  "date-time": `${DAY}T${CLOCK}`,
  uuid: "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
};

const MOST_DEEP = 100;

/** The language of a schema; its references are defined in `of`. Throws ConstraintError for what is not understood. */
export function schemaExpression(of: Expressions, root: JsonSchema): Expression {
  const text = (value: string) => of.bytes(new TextEncoder().encode(value));
  const json = (value: unknown, path: string): Uint8Array => {
    const written = JSON.stringify(value);
    if (written === undefined)
      throw new ConstraintError(`${path} is not a JSON value.`, "Use values that JSON can write.");
    return new TextEncoder().encode(written);
  };
  const regex = (source: string) => regexExpression(of, source);
  const character = of.choice(characters(of, PLAIN), regex(ESCAPE));
  const begun = new Set<string>();

  const refuse = (path: string, problem: string): never => {
    throw new ConstraintError(
      `The schema cannot be followed: ${path || "the schema"} ${problem}.`,
      `Use these keywords: ${[...GENERAL, ...Object.values(KEYWORDS).flat()].join(", ")}.`,
    );
  };

  /** What a path such as #/$defs/node points to, as a reference that is defined when it is met first. */
  const pointed = (pointer: unknown, path: string): Expression => {
    if (typeof pointer !== "string" || !/^#(\/|$)/.test(pointer)) return refuse(path, "points out of the schema");
    if (!begun.has(pointer)) {
      begun.add(pointer);
      let target: unknown = root;
      for (const step of pointer.split("/").slice(1)) {
        const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
        target =
          typeof target === "object" && target !== null && Object.hasOwn(target, name)
            ? (target as Record<string, unknown>)[name]
            : undefined;
      }
      if (target === undefined) return refuse(path, `points to ${pointer}, which is not there`);
      of.define(pointer, language(target, pointer, 0));
    }
    return of.reference(pointer);
  };

  /** Any value, which may hold any values. */
  const anything = (): Expression => {
    const name = "any value";
    if (!begun.has(name)) {
      begun.add(name);
      const value = of.reference(name);
      const list = (open: string, part: Expression, close: string) =>
        of.sequence(
          text(open),
          of.optional(of.sequence(part, of.repeat(of.sequence(text(","), part), 0, Infinity))),
          text(close),
        );
      const string = of.sequence(text('"'), of.repeat(character, 0, Infinity), text('"'));
      const literals = of.texts(["true", "false", "null"].map((word) => new TextEncoder().encode(word)));
      const object = list("{", of.sequence(string, text(":"), value), "}");
      of.define(name, of.choice(literals, regex(NUMBER), string, list("[", value, "]"), object));
    }
    return of.reference(name);
  };

  const language = (schema: unknown, path: string, depth: number): Expression => {
    if (depth > MOST_DEEP) return refuse(path, "is nested too deeply");
    if (schema === true) return anything();
    if (schema === false) return of.none;
    if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return refuse(path, "is not a schema");
    const s = schema as Readonly<Record<string, unknown>>;
    const stray = Object.keys(s).find((keyword) => !KNOWN.has(keyword));
    if (stray !== undefined) return refuse(`${path}.${stray}`, "is a keyword that is not understood here");
    const inner = (part: unknown, name: string) => language(part, `${path}.${name}`, depth + 1);

    /** One keyword that says it all must stand alone: together with others it would have to be cut with them. */
    const alone = ["$ref", "const", "enum", "anyOf", "oneOf", "allOf"].filter((keyword) => keyword in s);
    if (alone.length > 0) {
      const [keyword] = alone as [string];
      const others = Object.keys(s).filter(
        (name) => name !== keyword && name !== "type" && !DESCRIPTIONS.includes(name),
      );
      if (others.length > 0) return refuse(`${path}.${keyword}`, `stands beside ${others.join(", ")}`);
      const value = s[keyword];
      if (keyword === "$ref") return pointed(value, `${path}.$ref`);
      if (keyword === "const") return of.bytes(json(value, `${path}.const`));
      if (!Array.isArray(value)) return refuse(`${path}.${keyword}`, "is not a list");
      if (keyword === "enum") return of.texts(value.map((each) => json(each, `${path}.enum`)));
      if (keyword === "allOf" && value.length !== 1) return refuse(`${path}.allOf`, "has more than one member");
      return of.choice(...value.map((part, i) => inner(part, `${keyword}[${i}]`)));
    }
    const types = s.type === undefined ? typesImplied(s) : Array.isArray(s.type) ? s.type : [s.type];
    if (types === null) return anything();
    for (const type of types) if (!TYPES.includes(type as Type)) return refuse(`${path}.type`, `names ${String(type)}`);
    const wrong = Object.values(KEYWORDS)
      .flat()
      .find(
        (keyword) =>
          keyword in s && !types.some((type) => (KEYWORDS[type as Type] as readonly string[]).includes(keyword)),
      );
    if (wrong !== undefined) return refuse(`${path}.${wrong}`, `does not belong to ${types.join(" or ")}`);
    return of.choice(...types.map((type) => MAKE[type as Type](s, path, depth)));
  };

  const bounds = (
    s: Readonly<Record<string, unknown>>,
    path: string,
    low: string,
    high: string,
  ): readonly [number, number] => {
    const least = s[low] ?? 0;
    const most = s[high] ?? Number.POSITIVE_INFINITY;
    const count = (value: unknown): value is number =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 1e6;
    if (!count(least)) return refuse(`${path}.${low}`, "is not a count up to a million");
    if (most !== Number.POSITIVE_INFINITY && !count(most))
      return refuse(`${path}.${high}`, "is not a count up to a million");
    return [least, most as number];
  };

  const MAKE: Readonly<
    Record<Type, (s: Readonly<Record<string, unknown>>, path: string, depth: number) => Expression>
  > = {
    null: () => text("null"),
    boolean: () => of.choice(text("true"), text("false")),
    number: () => regex(NUMBER),
    integer: (s, path) => {
      const limit = (name: string, by: number, exclusive: string) => {
        const [inside, outside] = [s[name], s[exclusive]];
        const given = [inside, typeof outside === "number" ? outside + by : outside].filter(
          (value) => value !== undefined,
        );
        if (!given.every((value) => Number.isSafeInteger(value)))
          return refuse(`${path}.${name}`, "is not a whole number");
        const numbers = given as number[];
        if (numbers.length === 0) return null;
        return by > 0 ? Math.max(...numbers) : Math.min(...numbers);
      };
      const [least, most] = [limit("minimum", 1, "exclusiveMinimum"), limit("maximum", -1, "exclusiveMaximum")];
      return least === null && most === null ? regex(INTEGER) : integersFrom(of, least, most);
    },
    string: (s, path) => {
      const quoted = (inside: Expression) => of.sequence(text('"'), inside, text('"'));
      const { pattern, format } = s;
      if (pattern !== undefined || format !== undefined) {
        if (pattern !== undefined && format !== undefined) return refuse(`${path}.pattern`, "stands beside format");
        if ("minLength" in s || "maxLength" in s) return refuse(`${path}.pattern`, "stands beside a length");
        const source = pattern ?? (Object.hasOwn(FORMATS, String(format)) ? FORMATS[String(format)] : undefined);
        if (typeof source !== "string")
          return refuse(`${path}.format`, `is not one of ${Object.keys(FORMATS).join(", ")}`);
        return quoted(regexExpression(of, source, { within: PLAIN, dotAll: false }));
      }
      const [least, most] = bounds(s, path, "minLength", "maxLength");
      return least > most ? of.none : quoted(of.repeat(character, least, most));
    },
    array: (s, path, depth) => {
      const [least, most] = bounds(s, path, "minItems", "maxItems");
      const first =
        s.prefixItems === undefined
          ? []
          : Array.isArray(s.prefixItems)
            ? s.prefixItems
            : refuse(`${path}.prefixItems`, "is not a list");
      const fixed = first.map((part, i) => language(part, `${path}.prefixItems[${i}]`, depth + 1));
      const rest = language(s.items ?? true, `${path}.items`, depth + 1);
      if (least > most) return of.none;
      // From the back: what may follow when i items are there.
      const follow = (i: number): Expression => {
        const comma = (item: Expression) => (i === 0 ? item : of.sequence(text(","), item));
        if (i >= most) return of.empty;
        if (i < fixed.length) {
          const more = of.sequence(comma(fixed[i]!), follow(i + 1));
          return i >= least ? of.optional(more) : more;
        }
        if (i > 0) return of.repeat(comma(rest), Math.max(0, least - i), most - i);
        const more = of.sequence(rest, of.repeat(of.sequence(text(","), rest), Math.max(0, least - 1), most - 1));
        return least === 0 ? of.optional(more) : more;
      };
      return of.sequence(text("["), follow(0), text("]"));
    },
    object: (s, path, depth) => {
      const { properties = {}, required = [] } = s;
      if (typeof properties !== "object" || properties === null)
        return refuse(`${path}.properties`, "is not an object");
      if (!Array.isArray(required) || !required.every((name) => typeof name === "string"))
        return refuse(`${path}.required`, "is not a list of names");
      const missing = (required as string[]).filter((name) => !Object.hasOwn(properties, name));
      const members = [...Object.entries(properties), ...missing.map((name) => [name, true] as const)].map(
        ([name, part]) => ({
          pair: of.sequence(
            of.bytes(json(name, path)),
            text(":"),
            language(part, `${path}.properties.${name}`, depth + 1),
          ),
          required: (required as string[]).includes(name),
        }),
      );
      // From the back: the members from i on, with and without one in front of them, which decides about the comma.
      let [behind, alone] = [of.empty, of.empty];
      for (const member of members.toReversed()) {
        const some = of.sequence(text(","), member.pair, behind);
        const start = of.sequence(member.pair, behind);
        [behind, alone] = member.required ? [some, start] : [of.choice(some, behind), of.choice(start, alone)];
      }
      return of.sequence(text("{"), alone, text("}"));
    },
  };

  return language(root, "", 0);
}

/** The types that the keywords of a schema are about; null where there are none. */
function typesImplied(schema: Readonly<Record<string, unknown>>): Type[] | null {
  const found = TYPES.filter((type) => KEYWORDS[type].some((keyword) => keyword in schema));
  return found.length > 0 ? found : null;
}
