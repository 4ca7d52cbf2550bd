/** What zod found, in the one sentence of ArgumentError: where, what was expected, what was there. */
import type { z } from "zod";
import { ArgumentError } from "../base/errors.js";
import { didYouMean } from "../base/nearest.js";
import { described, quoted } from "../base/words.js";

type Issue = z.core.$ZodIssue;

/** Checks `json` by the schema. `where` is the file. Throws ArgumentError for the first thing that is wrong. */
export function parsedBy<S extends z.ZodType>(schema: S, json: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw faultOf(json, parsed.error.issues[0]!, [where]);
}

function faultOf(json: unknown, issue: Issue, before: readonly PropertyKey[]): ArgumentError {
  const path = [...before, ...issue.path];
  const value = issue.path.reduce<unknown>(
    (at, name) => (at as Record<PropertyKey, unknown> | undefined)?.[name],
    json,
  );
  switch (issue.code) {
    case "invalid_union": {
      const branch = likeliest(issue.errors, value);
      if (branch) return faultOf(value, branch, path);
      const received = isRecord(value) && "kind" in value ? value.kind : value;
      return new ArgumentError(placeOf(path), "one of the kinds image, speech, mesh and text", received);
    }
    case "unrecognized_keys": {
      const [stray] = issue.keys;
      const received = described(`the unknown field ${quoted(stray!)}`);
      const remedy = `${didYouMean(stray!, namesOf(issue))}Rename or remove it.`;
      return new ArgumentError(placeOf(path), "known fields", received, remedy);
    }
    case "invalid_key":
      return faultOf(value, issue.issues[0]!, path);
    default:
      return new ArgumentError(placeOf(path), expectedBy(issue), value);
  }
}

/** Of the ways in which a union failed, that of the same shape as the value which came furthest. */
function likeliest(branches: readonly (readonly Issue[])[], value: unknown): Issue | null {
  const deepest = (issues: readonly Issue[]) => Math.max(...issues.map(({ path }) => path.length));
  const shaped = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const [best] = (shaped.length > 0 ? shaped : branches).toSorted((a, b) => deepest(b) - deepest(a));
  return (value === undefined ? branches[0]?.[0] : best?.[0]) ?? null;
}

/** Names that a strict object knows, as far as zod says; it does not, so what editors show is the list. */
function namesOf(issue: Issue): readonly string[] {
  return "known" in issue && Array.isArray(issue.known) ? (issue.known as string[]) : [];
}

function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? `of type ${issue.expected}`;
    case "invalid_value":
      return `one of ${issue.values.join(", ")}`;
    case "too_small":
      return issue.origin === "string" || issue.origin === "array"
        ? `at least ${issue.minimum} in it`
        : `at least ${issue.minimum}`;
    case "too_big":
      return issue.origin === "string" || issue.origin === "array"
        ? `at most ${issue.maximum} in it`
        : `at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ string: "a text", number: "a number", int: "a whole number", boolean: "true or false" },
  ...{ object: "an object", record: "an object", array: "a list" },
};

/** assets.yaml: assets.fruit.post[0].resize */
function placeOf([file, ...names]: readonly PropertyKey[]): string {
  const path = names.map((name) => (typeof name === "number" ? `[${name}]` : `.${String(name)}`)).join("");
  return path === "" ? String(file) : `${String(file)}: ${path.replace(/^\./, "")}`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
